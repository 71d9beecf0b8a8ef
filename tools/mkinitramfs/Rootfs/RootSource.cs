using System;
using System.IO;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>Finds or makes the archive of the root file system that a manifest names.</summary>
internal static class RootSource
{
    /// <summary>Path of an uncompressed tar archive; in <paramref name="work"/> when it had to be made from a directory.</summary>
    internal static string Archive(ImageManifest manifest, ToolsTree tools, string cacheDirectory, string work, IBuildLog log)
    {
        if (manifest.Rootfs.Tar is { } tar)
        {
            return tar;
        }

        if (manifest.Rootfs.Tree is { } tree)
        {
            string made = Path.Combine(work, "tree.tar");
            log.Step($"reading {tree}", () =>
            {
                DirectoryTar.Write(tools, tree, made, SourceDate.Seconds, ownedByRoot: false, log);
                return made;
            });
            return made;
        }

        return manifest.Rootfs.Suite is not null
            ? new DebianRoot(tools, cacheDirectory, log).Make(manifest)
            : throw new ArgumentException("the manifest names no root file system", nameof(manifest));
    }
}
