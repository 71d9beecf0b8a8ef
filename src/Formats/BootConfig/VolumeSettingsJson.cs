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

    private static readonly string[] _encryptions = ["format", "reencrypt", "format-if-empty", "none"];
    private static readonly string[] _fallbacks = ["fail", "ask"];
    private static readonly string[] _recoveries = ["none", "show", "escrow"];
    private static readonly string[] _measures = ["best-effort", "required"];

    /// <summary>The manifest's word, which is also boot.json's.</summary>
    public static string Name(VolumeEncryption value) => _encryptions[(int)value];

    /// <inheritdoc cref="Name(VolumeEncryption)"/>
    public static string Name(UnlockFallback value) => _fallbacks[(int)value];

    /// <inheritdoc cref="Name(VolumeEncryption)"/>
    public static string Name(RecoveryKeyUse value) => _recoveries[(int)value];

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

    private static VolumeSettings ReadVolume(ref JsonInput json)
    {
        string? name = null, mountPoint = null, fileSystem = null, options = null, escrow = null;
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
