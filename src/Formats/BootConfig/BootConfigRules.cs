using System;
using System.Collections.Generic;
using System.Numerics;

namespace InitRuntime.Formats.BootConfig;

/// <summary>The rules that a <see cref="BootConfiguration"/> must satisfy beyond its shape.</summary>
public static class BootConfigRules
{
    private const int MaximumModules = 1024;

    /// <summary>The first rule that is broken, with the member's path; or no error.</summary>
    public static ParseError Check(BootConfiguration value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.FormatVersion != 1)
        {
            return new($"format_version: {value.FormatVersion}, only 1 is known");
        }

        if (value.ImageUuid == Guid.Empty)
        {
            return new("image_uuid: all zeros");
        }

        if (value.DeviceTimeoutSeconds is < 1 or > 3600)
        {
            return new($"device_timeout_seconds: {value.DeviceTimeoutSeconds}, wanted 1 to 3600");
        }

        if (value.Failure.LongestDelaySeconds is < 0 or > 86400)
        {
            return new($"failure.longest_delay_seconds: {value.Failure.LongestDelaySeconds}, wanted 0 to 86400");
        }

        if (!IsPlainAbsolutePath(value.Init))
        {
            return new($"init: \"{value.Init}\" is not a plain absolute path");
        }

        ParseError error = CheckRoot(value.Root);
        error = error.IsError ? error : CheckModules(value.Modules);
        error = error.IsError ? error : VolumeRules.Check(value);
        error = error.IsError ? error : OverlayRules.Check(value);
        error = error.IsError || !HookSupport.IsOn ? error : HookSettingsJson.Check(value.Hooks);
        return error.IsError || value.ResetVariable is null or { Length: >= 1 and <= 64 } ? error : new("reset_variable: not 1 to 64 characters");
    }

    /// <summary>Whether a path is absolute, normal (no empty, "." or ".." part) and free of control characters.</summary>
    public static bool IsPlainAbsolutePath(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.Length is < 2 or > 1024 || path[0] != '/')
        {
            return false;
        }

        foreach (char c in path)
        {
            if (c < ' ' || c == 0x7f)
            {
                return false;
            }
        }

        foreach (Range part in path.AsSpan(1).Split('/'))
        {
            if (path.AsSpan(1)[part] is "" or "." or "..")
            {
                return false;
            }
        }

        return true;
    }

    private static ParseError CheckRoot(RootSettings root)
    {
        if (root.FileSystem is not ("erofs" or "squashfs"))
        {
            return new($"root.file_system: \"{root.FileSystem}\" is not known (erofs, squashfs)");
        }

        if (root.SlotLabels.Count is < 1 or > 8)
        {
            return new($"root.slot_labels: {root.SlotLabels.Count} labels, wanted 1 to 8");
        }

        foreach (string label in root.SlotLabels)
        {
            if (label.Length is < 1 or > 36)
            {
                return new($"root.slot_labels: \"{label}\" is not 1 to 36 characters");
            }
        }

        VeritySettings verity = root.Verity;
        int digestLength = DigestLength(verity.Algorithm);
        return digestLength == 0 ? new($"root.verity.algorithm: \"{verity.Algorithm}\" is not known (sha256, sha384, sha512)")
            : !IsHex(verity.RootHash) || verity.RootHash.Length != 2 * digestLength
                ? new($"root.verity.root_hash: not {2 * digestLength} hex digits")
            : !IsHex(verity.Salt) || verity.Salt.Length > 512 ? new("root.verity.salt: not at most 512 hex digits")
            : !IsBlockSize(verity.DataBlockSize) ? new($"root.verity.data_block_size: {verity.DataBlockSize}")
            : !IsBlockSize(verity.HashBlockSize) ? new($"root.verity.hash_block_size: {verity.HashBlockSize}")
            : verity.DataBlocks is < 1 or > 1L << 40 ? new($"root.verity.data_blocks: {verity.DataBlocks}")
            : verity.HashOffset < verity.DataBlocks * verity.DataBlockSize || verity.HashOffset > 1L << 56
                || verity.HashOffset % 512 != 0
                ? new($"root.verity.hash_offset: {verity.HashOffset} is not a sector behind the data")
            : verity.Fec is { } fec && (fec.Roots is < 2 or > 24 || fec.Offset <= verity.HashOffset || fec.Offset > 1L << 56
                || fec.Offset % verity.DataBlockSize != 0 || fec.Blocks < verity.DataBlocks || fec.Blocks > 1L << 40)
                ? new("root.verity.fec: roots, offset or blocks out of range")
            : verity.RootHashSignature is { } path && !IsPlainAbsolutePath(path)
                ? new("root.verity.root_hash_signature: not a plain absolute path")
            : default;
    }

    private static ParseError CheckModules(IReadOnlyList<ModuleSettings> modules)
    {
        if (modules.Count > MaximumModules)
        {
            return new($"modules: {modules.Count}, at most {MaximumModules}");
        }

        for (int i = 0; i < modules.Count; i++)
        {
            if (!IsPlainAbsolutePath(modules[i].Path))
            {
                return new($"modules[{i}].path: not a plain absolute path");
            }

            foreach (int need in modules[i].Needs)
            {
                if (need < 0 || need >= i)
                {
                    return new($"modules[{i}].needs: {need} does not stand before it");
                }

                if (modules[need].InRoot && !modules[i].InRoot)
                {
                    return new($"modules[{i}].needs: {need} comes from the root, and so later");
                }
            }
        }

        return default;
    }

    /// <summary>Length of a digest in bytes, or 0 for an unknown algorithm.</summary>
    public static int DigestLength(string algorithm) => algorithm switch
    {
        "sha256" => 32,
        "sha384" => 48,
        "sha512" => 64,
        _ => 0,
    };

    private static bool IsBlockSize(int size) => size is >= 512 and <= 65536 && BitOperations.IsPow2(size);

    private static bool IsHex(string text)
    {
        foreach (char c in text)
        {
            if (c is not (>= '0' and <= '9' or >= 'a' and <= 'f'))
            {
                return false;
            }
        }

        return text.Length % 2 == 0;
    }
}
