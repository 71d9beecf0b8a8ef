using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Rootfs;

namespace InitRuntime.Qemu.Harness;

/// <summary>A root archive with more text in it.</summary>
internal static class ExtendedRoot
{
    private const int DirectoryMode = 0x1ed; // 0755
    private const int FileMode = 0x1a4; // 0644

    /// <summary>Writes the members of an archive, and texts that are put at the end of files: new ones where it has none of the name.</summary>
    /// <param name="root">The archive.</param>
    /// <param name="path">The new one.</param>
    /// <param name="texts">By path, without a leading slash.</param>
    internal static void Write(TarArchive root, string path, IReadOnlyList<(string Path, string Text)> texts)
    {
        using FileStream stream = File.Create(path);
        var extended = texts.Select(text => text.Path).ToHashSet();
        foreach (TarEntry entry in root.Entries.Where(entry => !extended.Contains(entry.Path)))
        {
            root.CopyRange(entry.Offset, entry.End - entry.Offset, stream.Write);
        }

        void Put(string name, char type, int mode, byte[] data)
        {
            stream.Write(TarFormat.Header(name, type, mode, data.Length, SourceDate.Seconds));
            stream.Write(data);
            stream.Write(new byte[TarFormat.Padded(data.Length) - data.Length]);
        }

        foreach (string directory in texts.SelectMany(text => Parents(text.Path)).Distinct().Where(parent => root.Find(parent) is null))
        {
            Put($"./{directory}/", TarEntry.Directory, DirectoryMode, []);
        }

        foreach ((string name, string text) in texts)
        {
            Put($"./{name}", TarEntry.File, FileMode, Encoding.UTF8.GetBytes(root.ReadText(name) + text));
        }

        stream.Write(new byte[2 * TarFormat.BlockSize]);
    }

    private static IEnumerable<string> Parents(string path)
    {
        for (int slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            yield return path[..slash];
        }
    }
}
