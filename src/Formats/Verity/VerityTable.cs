using System;
using System.Collections.Generic;
using InitRuntime.Formats.BootConfig;

namespace InitRuntime.Formats.Verity;

/// <summary>The device-mapper target "verity". Source: Documentation/admin-guide/device-mapper/verity.rst.</summary>
public static class VerityTable
{
    /// <summary>The target's name in a table.</summary>
    public const string TargetType = "verity";

    private const int SectorSize = 512;
    private const int Version = 1;

    /// <summary>Length of the mapped device, in 512-byte sectors.</summary>
    public static long LengthInSectors(VeritySettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings.DataBlocks * (settings.DataBlockSize / SectorSize);
    }

    /// <summary>The target's parameters, for data, tree and parity in one partition.</summary>
    /// <param name="settings">What the signed configuration says.</param>
    /// <param name="device">The partition: an absolute path or <c>major:minor</c>.</param>
    /// <param name="panicOnErrorAvailable">Whether the kernel has panic_on_error and restart_on_error (6.12, verity target 1.11).</param>
    /// <param name="signatureKeyDescription">Description of the keyring's user key that holds the signature of the root hash.</param>
    /// <exception cref="ArgumentException">A word cannot stand in a table, or no tree can have these settings.</exception>
    public static string Parameters(
        VeritySettings settings, string device, bool panicOnErrorAvailable, string? signatureKeyDescription = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (!VerityGeometry.TryCreate(settings, out VerityGeometry? geometry, out ParseError error))
        {
            throw new ArgumentException(error.Message, nameof(settings));
        }

        var words = new List<string>
        {
            $"{Version}",
            Word(device),
            Word(device),
            $"{settings.DataBlockSize}",
            $"{settings.HashBlockSize}",
            $"{settings.DataBlocks}",
            $"{geometry.HashStartBlock}",
            settings.Algorithm,
            Word(settings.RootHash),
            settings.Salt.Length == 0 ? "-" : Word(settings.Salt),
        };
        List<string> options = Options(settings, device, panicOnErrorAvailable, signatureKeyDescription);
        if (options.Count > 0)
        {
            words.Add($"{options.Count}");
            words.AddRange(options);
        }

        return string.Join(' ', words);
    }

    private static List<string> Options(VeritySettings settings, string device, bool panicOnErrorAvailable, string? signatureKeyDescription)
    {
        List<string> options = settings.OnCorruption switch
        {
            CorruptionPolicy.Panic when panicOnErrorAvailable => ["panic_on_corruption", "panic_on_error"],
            CorruptionPolicy.Panic => ["panic_on_corruption"],
            CorruptionPolicy.Restart when panicOnErrorAvailable => ["restart_on_corruption", "restart_on_error"],
            CorruptionPolicy.Restart => ["restart_on_corruption"],
            CorruptionPolicy.Ignore => ["ignore_corruption"],
            CorruptionPolicy.Eio => [],
            _ => throw new ArgumentOutOfRangeException(nameof(settings), $"corruption policy {(int)settings.OnCorruption}"),
        };
        if (settings.IgnoreZeroBlocks)
        {
            options.Add("ignore_zero_blocks");
        }

        if (settings.CheckAtMostOnce)
        {
            options.Add("check_at_most_once");
        }

        if (settings.TryVerifyInTasklet)
        {
            options.Add("try_verify_in_tasklet");
        }

        if (settings.Fec is { } fec)
        {
            options.AddRange(
                "use_fec_from_device", Word(device), "fec_start", $"{fec.Offset / settings.DataBlockSize}", "fec_blocks", $"{fec.Blocks}",
                "fec_roots", $"{fec.Roots}");
        }

        if (signatureKeyDescription is not null)
        {
            options.AddRange("root_hash_sig_key_desc", Word(signatureKeyDescription));
        }

        return options;
    }

    /// <summary>A word as it is: the table is split at white space, and a backslash would change its meaning.</summary>
    private static string Word(string word)
    {
        foreach (char c in word)
        {
            if (c is <= ' ' or > '~' or '\\')
            {
                throw new ArgumentException($"U+{(int)c:x4} cannot stand in a device-mapper table", nameof(word));
            }
        }

        return word.Length > 0 ? word : throw new ArgumentException("an empty word cannot stand in a device-mapper table", nameof(word));
    }
}
