using System;
using System.Collections.Generic;
using System.Text.Json;
using InitRuntime.Formats.Json;

namespace InitRuntime.Formats.BootConfig;

/// <summary>Volumes and TPM in boot.json: both directions, and the words that stand for each choice.</summary>
public static class VolumeSettingsJson
{
    /// <summary>The most volumes that a file can have.</summary>
    public const int MostVolumes = 32;

    /// <summary>The most paths that one volume can have in one of its lists.</summary>
    public const int MostPaths = 64;

    private const int MostOverlays = 64;

    private static readonly string[] _encryptions = ["format", "reencrypt", "format-if-empty", "none"];
    private static readonly string[] _fallbacks = ["fail", "ask"];
    private static readonly string[] _recoveries = ["none", "show", "escrow"];
    private static readonly string[] _providers = ["shared", "btrfs", "dm-snapshot"];
    private static readonly string[] _damages = ["fail", "recreate"];
    private static readonly string[] _uppers = ["tmpfs", "image", "shared"];
    private static readonly string[] _measures = ["best-effort", "required"];

    /// <summary>The manifest's word, which is also boot.json's.</summary>
    public static string Name(VolumeEncryption value) => _encryptions[(int)value];

    /// <inheritdoc cref="Name(VolumeEncryption)"/>
    public static string Name(UnlockFallback value) => _fallbacks[(int)value];

    /// <inheritdoc cref="Name(VolumeEncryption)"/>
    public static string Name(RecoveryKeyUse value) => _recoveries[(int)value];

    /// <inheritdoc cref="Name(VolumeEncryption)"/>
    public static string Name(SnapshotProvider value) => _providers[(int)value];

    /// <inheritdoc cref="Name(VolumeEncryption)"/>
    public static string Name(DamageAction value) => _damages[(int)value];

    /// <inheritdoc cref="Name(VolumeEncryption)"/>
    public static string Name(OverlayUpper value) => _uppers[(int)value];

    /// <inheritdoc cref="Name(VolumeEncryption)"/>
    public static string Name(MeasurePolicy value) => _measures[(int)value];

    internal static void Write(Utf8JsonWriter json, VolumeSettings volume)
    {
        json.WriteStartObject();
        json.WriteString("name", volume.Name);
        json.WriteString("mount_point", volume.MountPoint);
        json.WriteString("file_system", volume.FileSystem);
        json.WriteString("mount_options", volume.MountOptions);
        json.WriteString("encryption", Name(volume.Encryption));
        json.WriteBoolean("grow", volume.Grow);
        json.WriteString("on_unlock_failure", Name(volume.OnUnlockFailure));
        json.WriteString("recovery_key", Name(volume.RecoveryKey));
        if (volume.EscrowProgram is { } program)
        {
            json.WriteString("escrow_program", program);
        }

        json.WriteString("snapshots", Name(volume.Snapshots));
        WriteTexts(json, "shared_paths", volume.SharedPaths);
        if (volume.SharedOn is { } other)
        {
            json.WriteString("shared_on", other);
        }

        WriteTexts(json, "image_paths", volume.ImagePaths);
        json.WriteNumber("snapshot_bytes", volume.SnapshotBytes);
        json.WriteNumber("minimum_free_bytes", volume.MinimumFreeBytes);
        json.WriteString("on_damage", Name(volume.OnDamage));
        json.WriteBoolean("factory_reset", volume.FactoryReset);
        json.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter json, OverlaySettings overlay)
    {
        json.WriteStartObject();
        json.WriteString("path", overlay.Path);
        json.WriteString("upper", Name(overlay.Upper));
        if (overlay.Volume is { } volume)
        {
            json.WriteString("volume", volume);
        }

        json.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter json, TpmSettings tpm)
    {
        json.WriteStartObject();
        json.WriteString("measure", Name(tpm.Measure));
        WriteNumbers(json, "signed_pcrs", tpm.SignedPcrs);
        WriteNumbers(json, "pcrs", tpm.Pcrs);
        json.WriteBoolean("pin", tpm.Pin);
        json.WriteEndObject();
    }

    internal static List<VolumeSettings> ReadVolumes(ref JsonInput json)
    {
        var volumes = new List<VolumeSettings>();
        json.BeginArray();
        while (json.NextItem())
        {
            volumes.Add(volumes.Count < MostVolumes ? ReadVolume(ref json) : throw json.Error($"more than {MostVolumes}"));
        }

        return volumes;
    }

    internal static List<OverlaySettings> ReadOverlays(ref JsonInput json)
    {
        var overlays = new List<OverlaySettings>();
        json.BeginArray();
        while (json.NextItem())
        {
            overlays.Add(overlays.Count < MostOverlays ? ReadOverlay(ref json) : throw json.Error($"more than {MostOverlays}"));
        }

        return overlays;
    }

    internal static TpmSettings ReadTpm(ref JsonInput json)
    {
        MeasurePolicy? measure = null;
        List<int>? signed = null, literal = null;
        bool? pin = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "measure": measure = (MeasurePolicy)Choice(json, _measures); break;
                case "signed_pcrs": signed = ReadNumbers(ref json); break;
                case "pcrs": literal = ReadNumbers(ref json); break;
                case "pin": pin = json.Flag(); break;
                default: throw json.Unknown();
            }
        }

        return new TpmSettings
        {
            Measure = json.Required(measure, "measure"),
            SignedPcrs = json.Required(signed, "signed_pcrs"),
            Pcrs = json.Required(literal, "pcrs"),
            Pin = json.Required(pin, "pin"),
        };
    }

    private static OverlaySettings ReadOverlay(ref JsonInput json)
    {
        string? path = null, volume = null;
        OverlayUpper? upper = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "path": path = json.Text(); break;
                case "upper": upper = (OverlayUpper)Choice(json, _uppers); break;
                case "volume": volume = json.Text(); break;
                default: throw json.Unknown();
            }
        }

        return new OverlaySettings { Path = json.Required(path, "path"), Upper = json.Required(upper, "upper"), Volume = volume };
    }

    private static VolumeSettings ReadVolume(ref JsonInput json)
    {
        string? name = null, mountPoint = null, fileSystem = null, options = null, escrow = null, sharedOn = null;
        SnapshotProvider? snapshots = null;
        List<string>? sharedPaths = null, imagePaths = null;
        long? snapshotBytes = null, minimumFree = null;
        DamageAction? onDamage = null;
        bool? factoryReset = null;
        VolumeEncryption? encryption = null;
        UnlockFallback? fallback = null;
        RecoveryKeyUse? recovery = null;
        bool? grow = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "name": name = json.Text(); break;
                case "mount_point": mountPoint = json.Text(); break;
                case "file_system": fileSystem = json.Text(); break;
                case "mount_options": options = json.Text(); break;
                case "encryption": encryption = (VolumeEncryption)Choice(json, _encryptions); break;
                case "grow": grow = json.Flag(); break;
                case "on_unlock_failure": fallback = (UnlockFallback)Choice(json, _fallbacks); break;
                case "recovery_key": recovery = (RecoveryKeyUse)Choice(json, _recoveries); break;
                case "escrow_program": escrow = json.Text(); break;
                case "snapshots": snapshots = (SnapshotProvider)Choice(json, _providers); break;
                case "shared_paths": sharedPaths = json.Texts(MostPaths); break;
                case "shared_on": sharedOn = json.Text(); break;
                case "image_paths": imagePaths = json.Texts(MostPaths); break;
                case "snapshot_bytes": snapshotBytes = json.Number(0, long.MaxValue); break;
                case "minimum_free_bytes": minimumFree = json.Number(0, long.MaxValue); break;
                case "on_damage": onDamage = (DamageAction)Choice(json, _damages); break;
                case "factory_reset": factoryReset = json.Flag(); break;
                default: throw json.Unknown();
            }
        }

        return new VolumeSettings
        {
            Name = json.Required(name, "name"),
            MountPoint = json.Required(mountPoint, "mount_point"),
            FileSystem = json.Required(fileSystem, "file_system"),
            MountOptions = json.Required(options, "mount_options"),
            Encryption = json.Required(encryption, "encryption"),
            Grow = json.Required(grow, "grow"),
            OnUnlockFailure = json.Required(fallback, "on_unlock_failure"),
            RecoveryKey = json.Required(recovery, "recovery_key"),
            EscrowProgram = escrow,
            Snapshots = json.Required(snapshots, "snapshots"),
            SharedPaths = json.Required(sharedPaths, "shared_paths"),
            SharedOn = sharedOn,
            ImagePaths = json.Required(imagePaths, "image_paths"),
            SnapshotBytes = json.Required(snapshotBytes, "snapshot_bytes"),
            MinimumFreeBytes = json.Required(minimumFree, "minimum_free_bytes"),
            OnDamage = json.Required(onDamage, "on_damage"),
            FactoryReset = json.Required(factoryReset, "factory_reset"),
        };
    }

    private static int Choice(JsonInput json, string[] words)
    {
        int index = Array.IndexOf(words, json.Text());
        return index >= 0 ? index : throw json.Error($"wanted {string.Join(", ", words)}");
    }

    private static List<int> ReadNumbers(ref JsonInput json)
    {
        var numbers = new List<int>();
        json.BeginArray();
        while (json.NextItem())
        {
            numbers.Add(numbers.Count < TpmSettings.PcrCount ? (int)json.Number(0, TpmSettings.PcrCount - 1) : throw json.Error("too many"));
        }

        return numbers;
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IReadOnlyList<int> numbers)
    {
        json.WriteStartArray(name);
        foreach (int number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
