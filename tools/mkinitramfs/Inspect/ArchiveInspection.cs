using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.Cpio;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Update;

namespace InitRuntime.Mkinitramfs.Inspect;

/// <summary>A cpio archive: an initramfs with what /init believes, or an update file.</summary>
internal static class ArchiveInspection
{
    private const int LongestDescription = 1 << 20;

    /// <summary>Writes about an archive; the stream stands at its begin.</summary>
    internal static void Write(Stream archive, InspectionWriter writer, ToolsTree tools)
    {
        var reader = new CpioReader(archive);
        var entries = new List<CpioEntry>();
        byte[]? configuration = null;
        byte[]? description = null;
        byte[]? signature = null;
        var digests = new Dictionary<string, string>();
        ParseError error;
        while (reader.TryNext(out CpioEntry? entry, out error))
        {
            entries.Add(entry);
            if (entry.Name == BootConfigJson.Path.TrimStart('/'))
            {
                _ = reader.TryReadContent(BootConfigJson.MaximumLength, out configuration, out _);
            }
            else if (entry.Name == UpdateFile.Description && entries.Count == 1)
            {
                _ = reader.TryReadContent(LongestDescription, out description, out _);
            }
            else if (entry.Name == UpdateFile.Signature && entries.Count == 2)
            {
                _ = reader.TryReadContent(LongestDescription, out signature, out _);
            }
            else if (description is not null)
            {
                digests[entry.Name] = Digest(reader);
            }
        }

        UpdateInspection? update = description is null ? null : new UpdateInspection(description, signature);
        writer.Line(update is not null ? $"update file of {entries.Count} members" : $"cpio archive of {entries.Count} members");
        foreach (CpioEntry entry in entries.Where(entry => entry.Type == CpioEntryType.File))
        {
            writer.Inner.Line($"{entry.Length,10}  {entry.Name}{(digests.TryGetValue(entry.Name, out string? digest) ? $": {update!.Judge(entry.Name, digest)}" : "")}");
        }

        if (error.IsError)
        {
            writer.Line($"damaged: {error}");
        }

        update?.Write(writer, tools);
        if (configuration is not null)
        {
            WriteConfiguration(configuration, writer);
        }
    }

    private static string Digest(CpioReader reader)
    {
        using var hash = SHA256.Create();
        using (var stream = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write))
        {
            _ = reader.TryCopyContent(stream, out _);
        }

        return Convert.ToHexStringLower(hash.Hash!);
    }

    private static void WriteConfiguration(byte[] json, InspectionWriter writer)
    {
        if (!BootConfigJson.TryParse(json, out BootConfiguration boot, out ParseError error))
        {
            writer.Line($"boot.json: {error}");
            return;
        }

        writer.Line("boot.json:");
        InspectionWriter inner = writer.Inner;
        inner.Value("image", $"{boot.ImageName} {boot.ImageVersion}");
        inner.Value("image UUID", boot.ImageUuid.ToString());
        inner.Value("root", $"{boot.Root.FileSystem} in {string.Join(" or ", boot.Root.SlotLabels)}");
        inner.Value("root hash", $"{boot.Root.Verity.Algorithm} {boot.Root.Verity.RootHash}");
        inner.Value("salt", boot.Root.Verity.Salt.Length == 0 ? "-" : boot.Root.Verity.Salt);
        inner.Value("on corruption", boot.Root.Verity.OnCorruption.ToString());
        inner.Value("always loaded", Names(boot.Modules.Where(module => module is { Always: true, InRoot: false })));
        inner.Value("loaded if asked", Names(boot.Modules.Where(module => module is { Always: false, InRoot: false })));
        inner.Value("from the root", Names(boot.Modules.Where(module => module.InRoot)));
        inner.Value("volumes", string.Join(", ", boot.Volumes.Select(volume =>
            $"{volume.Name} ({volume.FileSystem}, encrypt {VolumeSettingsJson.Name(volume.Encryption)}) on {volume.MountPoint}")));
        inner.Value("overlays", string.Join(", ", boot.Overlays.Select(overlay => $"{overlay.Path} on {overlay.Upper}")));
        inner.Value("on failure", boot.Failure.Action.ToString());
        if (boot.DebugShell)
        {
            inner.Line("DEVELOPMENT IMAGE: a failure opens a shell on the console");
        }
    }

    private static string Names(IEnumerable<ModuleSettings> modules) =>
        string.Join(' ', modules.Select(module => module.Options.Length > 0 ? $"{module.Name}({module.Options})" : module.Name));
}
