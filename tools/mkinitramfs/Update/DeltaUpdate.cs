using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Update;

/// <summary>
/// <c>update-delta.swu</c> and what is published for it: root and kernel in zchunk's format, of which the update has only the signed lists of chunks.
/// SWUpdate's handler takes each chunk from the image that runs, or downloads it.
/// </summary>
/// <remarks>Source: SWUpdate's doc/source/delta-update.rst.</remarks>
internal static class DeltaUpdate
{
    /// <summary>Makes all of it.</summary>
    /// <param name="directory">Gets the update file, and the directory that is published.</param>
    /// <param name="url">Where that will be found.</param>
    /// <param name="manifest">Of the image.</param>
    /// <param name="uuid">Of the image.</param>
    /// <param name="root">The root file system with its hash tree.</param>
    /// <param name="uki">The signed kernel.</param>
    /// <param name="tools">Where zck is.</param>
    /// <param name="log">Gets the commands.</param>
    /// <exception cref="BuildException">A tool fails, or the update cannot be signed.</exception>
    internal static void Write(string directory, string url, ImageManifest manifest, Guid uuid, string root, string uki, ToolsTree tools, IBuildLog log)
    {
        // One directory for each image: a device that began to download one is not disturbed by the next.
        string published = Path.Combine(directory, Artefacts.Delta, uuid.ToString());
        Directory.CreateDirectory(published);
        UpdateMember Cut(string file)
        {
            string name = $"{Path.GetFileNameWithoutExtension(file)}.zck";
            ChunkedFile chunks = ChunkedFile.Cut(file, Path.Combine(published, name), tools, log);
            string list = Path.Combine(directory, $"{name}-header");
            chunks.WriteHeader(list);
            return new UpdateMember(Path.GetFileName(list), list, UpdateMember.Digest(list), Compressed: false, $"{url}/{uuid}/{name}");
        }

        UpdateMember[] members = [Cut(root), Cut(uki)];
        UpdateFile.WriteArchive(Path.Combine(directory, Artefacts.DeltaUpdate), manifest, uuid, members[0], members[1], log);
        foreach (UpdateMember member in members)
        {
            File.Delete(member.File);
        }
    }

    /// <summary>What is published, relative to the directory; in order of their names.</summary>
    internal static IEnumerable<string> Published(string directory) => Directory.Exists(Path.Combine(directory, Artefacts.Delta))
        ? Directory.GetFiles(Path.Combine(directory, Artefacts.Delta), "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(directory, file)).Order(StringComparer.Ordinal)
        : [];
}
