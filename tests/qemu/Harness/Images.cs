using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Initramfs;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Rootfs;
using InitRuntime.Mkinitramfs.Signing;

namespace InitRuntime.Qemu.Harness;

/// <summary>
/// The images that the tests boot: the demo, and the demo with other manifest keys. Each is built once for the same /init, build
/// tool and demo files, and kept in the cache.
/// </summary>
internal static class Images
{
    /// <summary>A stale image of another work tree may still be in use; one that is older than any run of the tests is not. Each has half a gigabyte.</summary>
    private static readonly TimeSpan _staleAfter = TimeSpan.FromHours(3);

    private static readonly Lazy<string> _keys = new(MakeKeys);
    private static readonly Lazy<BuiltImage> _demo = new(() => Open("demo", text => text));
    private static readonly Lazy<BuiltImage> _smallBlocks = new(() => Open("small-blocks", text => WithRootfs(text, """
        file-system = "squashfs"
        """) + """

        [verity]
        data-block-size = 1024
        hash-block-size = 1024
        root-hash-key = "keys/db.key"
        root-hash-certificate = "keys/db.crt"
        """));

    private static readonly Lazy<BuiltImage> _corrected = new(() => Open("corrected", text => text + """

        [verity]
        algorithm = "sha512"
        fec-roots = 2
        """));

    /// <summary>The tools that make images, as the build has them.</summary>
    internal static ToolsTree Tools { get; } = ToolsTree.Open(CacheDirectory.Path, new PlainLog(TextWriter.Null, showCommands: false));

    /// <summary>examples/demo as it is.</summary>
    internal static BuiltImage Demo => _demo.Value;

    /// <summary>squashfs, data and hash blocks of 1024 bytes, a root hash that is signed with the Secure Boot key.</summary>
    internal static BuiltImage SmallBlocks => _smallBlocks.Value;

    /// <summary>SHA-512, and Reed-Solomon parity of two bytes for each codeword.</summary>
    internal static BuiltImage Corrected => _corrected.Value;

    /// <summary>Builds the demo anew, into a directory of the caller.</summary>
    internal static BuiltImage BuildDemo(string directory)
    {
        Build(Path.Combine(directory, "source"), Path.Combine(directory, "image"), text => text);
        return new(Path.Combine(directory, "image"), _keys.Value);
    }

    private static string WithRootfs(string manifest, string keys) =>
        manifest.Replace("[rootfs]", $"[rootfs]\n{keys}", StringComparison.Ordinal);

    /// <summary>An image of the demo's manifest as <paramref name="edit"/> changes it, built unless the cache has it.</summary>
    /// <param name="name">What it is called in the cache.</param>
    /// <param name="edit">Gets the demo's manifest.</param>
    /// <param name="added">
    /// A directory of text files that are added to the root file system, at the end of the files that it has already, with the
    /// image's version in place of <c>@VERSION@</c>. Images that differ in these alone share one root archive.
    /// </param>
    internal static BuiltImage Open(string name, Func<string, string> edit, string? added = null)
    {
        string directory = Path.Combine(Places.Cache, $"{name}-{Key(edit, added)}");
        Directory.CreateDirectory(Places.Cache);
        using FileStream held = FileLock.Hold(Path.Combine(Places.Cache, $"{name}.lock"));
        if (!Directory.Exists(directory))
        {
            foreach (string stale in Directory.GetDirectories(Places.Cache, $"{name}-*").Where(IsStale))
            {
                Directory.Delete(stale, recursive: true);
            }

            string work = $"{directory}.{Environment.ProcessId}.tmp";
            try
            {
                Build(Path.Combine(work, "source"), Path.Combine(work, "image"), edit, added);
                Directory.Move(work, directory);
            }
            catch
            {
                Directory.Delete(work, recursive: true);
                throw;
            }
        }

        return new(Path.Combine(directory, "image"), _keys.Value);
    }

    private static bool IsStale(string directory) => DateTime.UtcNow - Directory.GetCreationTimeUtc(directory) > _staleAfter;

    /// <summary>Copies the demo's files, edits the manifest's copy and builds it.</summary>
    private static void Build(string source, string image, Func<string, string> edit, string? added = null)
    {
        foreach (string file in DemoFiles())
        {
            string copy = Path.Combine(source, Path.GetRelativePath(DemoDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        foreach (string file in GuestFiles())
        {
            string copy = Path.Combine(source, "guest", Path.GetRelativePath(GuestDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        string manifest = Path.Combine(source, "image.toml");
        File.WriteAllText(manifest, edit(File.ReadAllText(manifest)));
        string keys = Path.Combine(source, "keys");
        Directory.CreateDirectory(keys);
        foreach (string file in Directory.GetFiles(_keys.Value))
        {
            File.Copy(file, Path.Combine(keys, Path.GetFileName(file)));
        }

        ManifestReading reading = ManifestReader.Read(manifest);
        ImageManifest checkedManifest = reading.Manifest ?? throw new InvalidOperationException(string.Join('\n', reading.Errors));
        using var log = new StringWriter();
        try
        {
            var to = new PlainLog(log, showCommands: true);
            string tar = Path.Combine(source, "root.tar");
            if (added is not null)
            {
                using TarArchive root = TarArchive.Open(new DebianRoot(Tools, CacheDirectory.Path, to).Make(checkedManifest));
                ExtendedRoot.Write(root, tar, [.. FilesIn(added).Select(file => (
                    Path.GetRelativePath(added, file),
                    File.ReadAllText(file).Replace("@VERSION@", checkedManifest.Image.Version, StringComparison.Ordinal)))]);
                checkedManifest = checkedManifest with { Rootfs = checkedManifest.Rootfs with { Tar = tar } };
            }

            ImageBuilder.Build(checkedManifest, image, to);
            File.Delete(tar);
        }
        catch (BuildException e)
        {
            throw new InvalidOperationException($"{e.Message}\n{e.Hint}\nthe build said:\n{log}", e);
        }
    }

    private static string MakeKeys()
    {
        // Another name whenever the kinds of keys are others: this directory is kept.
        string keys = Path.Combine(Places.Cache, "keys-2");
        Directory.CreateDirectory(Places.Cache);
        using FileStream held = FileLock.Hold(keys + ".lock");
        if (!Directory.Exists(keys))
        {
            string work = $"{keys}.{Environment.ProcessId}.tmp";
            DevelopmentKeys.Make(work);
            Directory.Move(work, keys);
        }

        return keys;
    }

    /// <summary>A digest of all that the image is made from, but for Debian's packages.</summary>
    private static string Key(Func<string, string> edit, string? added)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in DemoFiles().Concat(GuestFiles()).Concat(added is null ? [] : FilesIn(added)))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetRelativePath(DemoDirectory, file)}\n{File.GetUnixFileMode(file)}\n"));
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
        }

        hash.AppendData(Encoding.UTF8.GetBytes(edit(File.ReadAllText(Path.Combine(DemoDirectory, "image.toml")))));
        hash.AppendData(SHA256.HashData(DeviceProgram.Init.Read()));
        hash.AppendData(SHA256.HashData(File.ReadAllBytes(DeviceProgram.Init.Find() + "-hooks")));
        hash.AppendData(SHA256.HashData(DeviceProgram.Control.Read()));
        foreach (string assembly in Directory.GetFiles(AppContext.BaseDirectory, "InitRuntime.*.dll").Order(StringComparer.Ordinal))
        {
            // The build is deterministic; of these tests' own assembly no image is made.
            if (Path.GetFileName(assembly) != "InitRuntime.Qemu.dll")
            {
                hash.AppendData(SHA256.HashData(File.ReadAllBytes(assembly)));
            }
        }

        hash.AppendData(SHA256.HashData(File.ReadAllBytes(Path.Combine(_keys.Value, "db.crt"))));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    /// <summary>What the images of <see cref="VolumeImages"/> and <see cref="ImageFamily"/> have beside the demo's files.</summary>
    private static string GuestDirectory { get; } = Path.Combine(Places.Repository, "tests", "qemu", "Guest");

    private static IEnumerable<string> GuestFiles() => FilesIn(GuestDirectory);

    private static IEnumerable<string> FilesIn(string directory) =>
        Directory.GetFiles(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal);

    private static string DemoDirectory { get; } = Path.Combine(Places.Repository, "examples", "demo");

    /// <summary>The demo's own files, without keys that somebody made there.</summary>
    private static IEnumerable<string> DemoFiles() => FilesIn(DemoDirectory)
        .Where(file => !file.StartsWith(Path.Combine(DemoDirectory, "keys") + Path.DirectorySeparatorChar, StringComparison.Ordinal));
}
