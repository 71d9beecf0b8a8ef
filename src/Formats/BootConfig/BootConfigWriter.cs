using System;
using System.Text.Json;

namespace InitRuntime.Formats.BootConfig;

/// <summary>The writing half of boot.json; <see cref="BootConfigReader"/> beside it is the reading half.</summary>
internal static class BootConfigWriter
{
    internal static void Write(Utf8JsonWriter json, BootConfiguration value)
    {
        json.WriteStartObject();
        json.WriteNumber("format_version", value.FormatVersion);
        json.WriteString("image_uuid", value.ImageUuid);
        json.WriteString("image_name", value.ImageName);
        json.WriteString("image_version", value.ImageVersion);
        json.WritePropertyName("root");
        Write(json, value.Root);
        json.WriteStartArray("modules");
        foreach (ModuleSettings module in value.Modules)
        {
            Write(json, module);
        }

        json.WriteEndArray();
        json.WriteStartArray("overlays");
        foreach (OverlaySettings overlay in value.Overlays)
        {
            VolumeSettingsJson.Write(json, overlay);
        }

        json.WriteEndArray();
        json.WriteStartArray("volumes");
        foreach (VolumeSettings volume in value.Volumes)
        {
            VolumeSettingsJson.Write(json, volume);
        }

        json.WriteEndArray();
        if (value.Hooks.Count > 0)
        {
            json.WriteStartArray("hooks");
            foreach (HookSettings hook in value.Hooks)
            {
                HookSettingsJson.Write(json, hook);
            }

            json.WriteEndArray();
        }

        json.WritePropertyName("tpm");
        VolumeSettingsJson.Write(json, value.Tpm);
        if (value.ResetVariable is { } variable)
        {
            json.WriteString("reset_variable", variable);
        }

        json.WriteStartObject("failure");
        json.WriteString("action", Name(value.Failure.Action));
        json.WriteNumber("longest_delay_seconds", value.Failure.LongestDelaySeconds);
        json.WriteEndObject();
        json.WriteNumber("watchdog_seconds", value.WatchdogSeconds);
        json.WriteNumber("device_timeout_seconds", value.DeviceTimeoutSeconds);
        json.WriteString("init", value.Init);
        json.WriteBoolean("debug_shell", value.DebugShell);
        json.WriteEndObject();
    }

    internal static string Name(CorruptionPolicy policy) => policy switch
    {
        CorruptionPolicy.Panic => "panic",
        CorruptionPolicy.Restart => "restart",
        CorruptionPolicy.Eio => "eio",
        CorruptionPolicy.Ignore => "ignore",
        _ => throw new ArgumentOutOfRangeException(nameof(policy)),
    };

    internal static string Name(FailureAction action) => action switch
    {
        FailureAction.Reboot => "reboot",
        FailureAction.Halt => "halt",
        FailureAction.PowerOff => "power-off",
        _ => throw new ArgumentOutOfRangeException(nameof(action)),
    };

    private static void Write(Utf8JsonWriter json, RootSettings root)
    {
        json.WriteStartObject();
        json.WriteString("file_system", root.FileSystem);
        json.WriteStartArray("slot_labels");
        foreach (string label in root.SlotLabels)
        {
            json.WriteStringValue(label);
        }

        json.WriteEndArray();
        VeritySettings verity = root.Verity;
        json.WriteStartObject("verity");
        json.WriteString("algorithm", verity.Algorithm);
        json.WriteString("root_hash", verity.RootHash);
        json.WriteString("salt", verity.Salt);
        json.WriteNumber("data_block_size", verity.DataBlockSize);
        json.WriteNumber("hash_block_size", verity.HashBlockSize);
        json.WriteNumber("data_blocks", verity.DataBlocks);
        json.WriteNumber("hash_offset", verity.HashOffset);
        json.WriteString("on_corruption", Name(verity.OnCorruption));
        json.WriteBoolean("check_at_most_once", verity.CheckAtMostOnce);
        json.WriteBoolean("ignore_zero_blocks", verity.IgnoreZeroBlocks);
        json.WriteBoolean("try_verify_in_tasklet", verity.TryVerifyInTasklet);
        if (verity.Fec is { } fec)
        {
            json.WriteStartObject("fec");
            json.WriteNumber("offset", fec.Offset);
            json.WriteNumber("roots", fec.Roots);
            json.WriteNumber("blocks", fec.Blocks);
            json.WriteEndObject();
        }

        if (verity.RootHashSignature is { } signature)
        {
            json.WriteString("root_hash_signature", signature);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ModuleSettings module)
    {
        json.WriteStartObject();
        json.WriteString("name", module.Name);
        json.WriteString("path", module.Path);
        json.WriteBoolean("in_root", module.InRoot);
        json.WriteBoolean("always", module.Always);
        json.WriteString("options", module.Options);
        json.WriteStartArray("needs");
        foreach (int need in module.Needs)
        {
            json.WriteNumberValue(need);
        }

        json.WriteEndArray();
        if (module.Algorithm.Length > 0)
        {
            json.WriteString("algorithm", module.Algorithm);
        }

        json.WriteStartArray("aliases");
        foreach (string alias in module.Aliases)
        {
            json.WriteStringValue(alias);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
