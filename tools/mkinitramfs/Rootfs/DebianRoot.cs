using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>A Debian root file system made by mmdebstrap, as a tar archive in the cache; made again only when an input changes.</summary>
internal sealed class DebianRoot(ToolsTree tools, string cacheDirectory, IBuildLog log)
{
    /// <summary>Part of the cache key: raised when what is done to the root changes.</summary>
    private const string Recipe = "1";

    private const string StandInPackage = "initruntime-initramfs";

    /// <summary>The archive of what the manifest asks for.</summary>
    /// <exception cref="BuildException">mmdebstrap is missing or fails, or a named file cannot be read.</exception>
    internal string Make(ImageManifest manifest)
    {
        Directory.CreateDirectory(cacheDirectory);
        string path = Path.Combine(cacheDirectory, $"rootfs-{manifest.Image.Name}-{Key(manifest)}.tar");
        if (File.Exists(path))
        {
            log.Note($"root file system: as made before ({path})");
            return path;
        }

        using FileStream held = FileLock.Hold(path + ".lock");
        return File.Exists(path)
            ? path
            : log.Step($"making the root file system (Debian {manifest.Rootfs.Suite})", () => Make(manifest, path));
    }

    private string Make(ImageManifest manifest, string path)
    {
        // Where mmdebstrap, in its own user namespace, can read it too.
        string work = Directory.CreateTempSubdirectory("initruntime-rootfs-").FullName;
        try
        {
            File.SetUnixFileMode(work, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
            string made = $"{path}.{Environment.ProcessId}.tmp";
            try
            {
                new HostCommand("mmdebstrap", [.. Arguments(manifest, work), manifest.Rootfs.Suite!, made, .. manifest.Rootfs.Mirrors])
                {
                    Environment = new Dictionary<string, string>
                    {
                        ["SOURCE_DATE_EPOCH"] = $"{SourceDate.Seconds}",
                        ["LC_ALL"] = "C.UTF-8",
                        ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin",
                    },
                }.Run(log);
                File.Move(made, path);
                return path;
            }
            finally
            {
                File.Delete(made);
            }
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private List<string> Arguments(ImageManifest manifest, string work)
    {
        RootfsSection rootfs = manifest.Rootfs;
        string packageCache = Path.Combine(cacheDirectory, $"packages-{rootfs.Suite}-{rootfs.Architecture}");
        Directory.CreateDirectory(packageCache);
        string standIn = MakeStandInPackage(work);

        List<string> arguments =
        [
            // Essential packages only: an image that is replaced as a whole needs no apt of its own.
            "--quiet", "--variant=essential", "--format=tar", $"--architectures={rootfs.Architecture}",
            $"--include={string.Join(',', rootfs.Packages.Append(manifest.Kernel.Package))}",
            "--dpkgopt=force-unsafe-io",
            .. rootfs.Exclude.Select(pattern => $"--dpkgopt=path-exclude={pattern}"),
            // Downloaded packages are kept for the next build.
            "--skip=download/empty", "--skip=essential/unlink",
            "--setup-hook=mkdir -p \"$1/var/cache/apt/archives\"",
            $"--setup-hook=sync-in {Shell(packageCache)} /var/cache/apt/archives/",
            // The kernel package wants an initramfs generator; ours runs outside.
            $"--essential-hook=copy-in {Shell(standIn)} /",
            $"--essential-hook=chroot \"$1\" dpkg --install /{StandInPackage}.deb >/dev/null && rm \"$1/{StandInPackage}.deb\"",
            $"--customize-hook=sync-out /var/cache/apt/archives {Shell(packageCache)}",
            "--customize-hook=rm -f \"$1/etc/resolv.conf\"",
            $"--customize-hook=echo {Shell(manifest.Image.Name)} >\"$1/etc/hostname\"; chmod 644 \"$1/etc/hostname\"",
            "--customize-hook=test -e \"$1/etc/hosts\" || printf '127.0.0.1 localhost\\n::1 localhost\\n' >\"$1/etc/hosts\"",
            // All that systemd would do after an update of /usr was done by the packages.
            $"--customize-hook=for d in etc var; do echo TIMESTAMP_NSEC={SourceDate.Seconds}000000000 >\"$1/$d/.updated\"; done",
        ];
        foreach ((string directory, int index) in rootfs.Files.Select((directory, index) => (directory, index)))
        {
            string tar = Path.Combine(work, $"files-{index}.tar");
            DirectoryTar.Write(tools, directory, tar, SourceDate.Seconds, ownedByRoot: true, log);
            arguments.Add($"--customize-hook=tar-in {Shell(tar)} /");
        }

        foreach ((string script, int index) in rootfs.Scripts.Select((script, index) => (script, index)))
        {
            string name = $"initruntime-script-{index}";
            string copy = Path.Combine(work, name);
            File.Copy(script, copy);
            arguments.Add($"--customize-hook=upload {Shell(copy)} /{name}");
            arguments.Add($"--customize-hook=chmod 755 \"$1/{name}\" && chroot \"$1\" /{name} && rm \"$1/{name}\"");
        }

        return arguments;
    }

    /// <summary>A package without files that satisfies "linux-initramfs-tool".</summary>
    private string MakeStandInPackage(string work)
    {
        string control = Path.Combine(work, "stand-in", "DEBIAN");
        Directory.CreateDirectory(control);
        File.WriteAllText(Path.Combine(control, "control"), $"""
            Package: {StandInPackage}
            Version: 1
            Architecture: all
            Maintainer: InitRuntime <noreply@initruntime.invalid>
            Provides: linux-initramfs-tool
            Conflicts: linux-initramfs-tool
            Description: stands in for an initramfs generator
             The initramfs of this image is made outside of it, and signed.

            """);
        string package = Path.Combine(work, StandInPackage + ".deb");
        HostCommand command = tools.Command("dpkg-deb", "--build", "--root-owner-group", Path.GetDirectoryName(control)!, package);
        (command with
        {
            Environment = new Dictionary<string, string>(command.Environment) { ["SOURCE_DATE_EPOCH"] = $"{SourceDate.Seconds}" },
        }).Run(log);
        return package;
    }

    /// <summary>A digest over all that shapes the root file system.</summary>
    private static string Key(ImageManifest manifest)
    {
        RootfsSection rootfs = manifest.Rootfs;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(string value)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(value);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        void AddList(IReadOnlyList<string> values)
        {
            Add($"{values.Count}");
            foreach (string value in values)
            {
                Add(value);
            }
        }

        Add(Recipe);
        Add(manifest.Image.Name);
        Add(rootfs.Suite!);
        Add(rootfs.Architecture);
        Add(manifest.Kernel.Package);
        Add($"{SourceDate.Seconds}");
        AddList(rootfs.Mirrors);
        AddList(rootfs.Packages);
        AddList(rootfs.Exclude);
        foreach (string directory in rootfs.Files)
        {
            AddList([.. DirectoryTar.Describe(directory)]);
        }

        foreach (string script in rootfs.Scripts)
        {
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(script)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    /// <summary>One word for the shell that mmdebstrap's hooks run in.</summary>
    private static string Shell(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
