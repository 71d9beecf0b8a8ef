using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.Overlay;
using InitRuntime.Linux;
using InitRuntime.Overlay;
using InitRuntime.Unit.Harness;

namespace InitRuntime.Unit.Overlay;

/// <summary>A root with one overlay and a volume for its layer, on a tmpfs, so that the kernel's own overlayfs can be asked.</summary>
internal sealed class Device : IDisposable
{
    internal static readonly Guid A = new("aaaaaaaa-0000-8000-8000-000000000001");
    internal static readonly Guid B = new("bbbbbbbb-0000-8000-8000-000000000002");
    internal static readonly Guid C = new("cccccccc-0000-8000-8000-000000000003");

    private static readonly VolumeSettings _volume = new()
    {
        Name = "var",
        MountPoint = "/var",
        FileSystem = "btrfs",
        Encryption = VolumeEncryption.None,
        Snapshots = SnapshotProvider.Btrfs,
    };

    private readonly TemporaryDirectory _directory = new();
    private readonly OverlaySettings _overlay;
    private bool _isMounted;

    internal Device(string path = "/etc", string volumeType = "tmpfs", string volumeSource = "tmpfs")
    {
        _overlay = new() { Path = path, Upper = OverlayUpper.Image, Volume = "var" };
        Mount.FileSystem("tmpfs", _directory.Path, "tmpfs", MountFlags.None);
        Mount.MakePrivate(_directory.Path);
        Directory.CreateDirectory(Root + "/var");
        Directory.CreateDirectory(Root + path);
        Mount.FileSystem(volumeSource, Root + "/var", volumeType, MountFlags.None);
    }

    /// <summary>Where the root is mounted.</summary>
    internal string Root => _directory["root"];

    /// <summary>The directory that the overlay is over: the image's while nothing is booted, the overlay's then.</summary>
    internal string Etc => Root + _overlay.Path;

    /// <summary>Where the layer lives.</summary>
    internal string Home => OverlayHome.Of(_overlay, _volume, Root);

    internal string this[string name] => $"{Etc}/{name}";

    /// <summary>Puts an image's files into the root: <c>name=content</c>, or <c>name/</c> for a directory, by spaces.</summary>
    internal void Install(string files)
    {
        ShutDown();
        Directory.Delete(Etc, recursive: true);
        Directory.CreateDirectory(Etc);
        foreach (string file in files.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = file.Split('=');
            string path = this[parts[0]];
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (parts.Length > 1)
            {
                File.WriteAllText(path, parts[1]);
            }
        }

        WriteListing();
    }

    /// <summary>The build's part: digests over what the root has.</summary>
    internal void WriteListing()
    {
        string list = Root + LowerListing.PathOf(_overlay.Path);
        Directory.CreateDirectory(Path.GetDirectoryName(list)!);
        File.WriteAllBytes(list, LowerListing.Write([.. Describe().Select(entry => KeyValuePair.Create(entry.Key, Digest(entry.Value)))]));
    }

    /// <summary>Every entry that is seen at the overlay's directory now, with all that a listing knows of one.</summary>
    internal Dictionary<string, string> Describe() => new DirectoryInfo(Etc)
        .EnumerateFileSystemInfos("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, ReturnSpecialDirectories = false })
        .ToDictionary(info => Path.GetRelativePath(Etc, info.FullName), info => info switch
        {
            { LinkTarget: { } target } => $"link {target}",
            DirectoryInfo => $"directory {info.UnixFileMode}",
            _ => $"file {info.UnixFileMode} {File.ReadAllText(info.FullName)}",
        });

    /// <summary>Mounts the overlay as a boot does; gives the report as <c>change name</c>, by commas.</summary>
    internal string Boot(Guid image)
    {
        ShutDown();
        using var log = Kmsg.Open();
        IReadOnlyList<DriftEntry> drift = OverlayMount.Assemble(Root, image, [_overlay], overlay => OverlayHome.Of(overlay, _volume, Root), () => { }, log);
        _isMounted = true;
        return string.Join(", ", drift.Select(entry => $"{entry.Change} {entry.Path[(_overlay.Path.Length + 1)..]}"));
    }

    internal void ShutDown()
    {
        if (_isMounted)
        {
            Mount.Unmount(Etc);
            _isMounted = false;
        }
    }

    public void Dispose()
    {
        ShutDown();
        Mount.Unmount(Root + "/var");
        Mount.Unmount(_directory.Path);
        _directory.Dispose();
    }

    private static ListedDigest Digest(string text) =>
        ListedDigest.Of(SHA256.HashData(Encoding.UTF8.GetBytes(text)), text.StartsWith("directory", StringComparison.Ordinal));
}
