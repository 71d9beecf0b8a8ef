using System;
using System.Collections.Generic;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Update;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>
/// What a device runs out of its verified root: /init when it makes, checks and grows volumes, and the trial of a new image. What is missing is found here, not on the device.
/// </summary>
internal static class RootRequirements
{
    private const int ExecuteBits = 0b001_001_001;

    private static readonly Dictionary<string, (string[] Programs, string Package)> _fileSystems = new(StringComparer.Ordinal)
    {
        ["btrfs"] = (["usr/sbin/mkfs.btrfs", "usr/bin/btrfs"], "btrfs-progs"),
        ["ext4"] = (["usr/sbin/mkfs.ext4", "usr/sbin/e2fsck", "usr/sbin/resize2fs"], "e2fsprogs"),
        ["xfs"] = (["usr/sbin/mkfs.xfs", "usr/sbin/xfs_growfs", "usr/sbin/xfs_repair"], "xfsprogs"),
    };

    /// <summary>A program that the boot runs.</summary>
    /// <param name="Path">In the root, without the first slash.</param>
    /// <param name="Package">The Debian package that has it; null for one of the image's own.</param>
    /// <param name="Why">What of the manifest asks for it.</param>
    /// <param name="IsLibrary">Whether it is loaded, and not run.</param>
    internal sealed record Program(string Path, string? Package, string Why, bool IsLibrary = false);

    /// <summary>The programs that the volumes and the health checks of a manifest need, each once.</summary>
    internal static IReadOnlyList<Program> Of(ImageManifest manifest)
    {
        var programs = new List<Program>();
        foreach (VolumeSettings volume in manifest.Volumes.Select(volume => volume.Settings))
        {
            if (volume.Encryption != VolumeEncryption.None)
            {
                programs.Add(new("usr/sbin/cryptsetup", "cryptsetup-bin", $"volume {volume.Name} is encrypted"));
            }

            (string[] names, string package) = _fileSystems[volume.FileSystem];
            programs.AddRange(names.Select(name => new Program(name, package, $"volume {volume.Name} is {volume.FileSystem}")));
            programs.Add(new("usr/bin/cp", "coreutils", $"volume {volume.Name} begins with a copy of {volume.MountPoint}"));
            if (volume.EscrowProgram is { } escrow)
            {
                programs.Add(new(escrow.TrimStart('/'), null, $"escrow-program of volume {volume.Name}"));
            }
        }

        programs.AddRange(manifest.HealthChecks.Select(check => new Program(check.Command[0].TrimStart('/'), null, $"health-check {check.Name}")));
        programs.AddRange(manifest.Hooks.Where(hook => hook.Settings.Kind == HookKind.RootProgram)
            .Select(hook => new Program(hook.Settings.Program.TrimStart('/'), null, $"hook {hook.Settings.Name}")));
        if (manifest.Update.Make)
        {
            programs.AddRange(UpdateClient.Needed(manifest.Boot));
        }

        return [.. programs.DistinctBy(program => program.Path)];
    }

    /// <exception cref="BuildException">Programs or mount points are missing: all of them are named.</exception>
    internal static void Check(ImageManifest manifest, TarArchive root)
    {
        List<Program> missing = [.. Of(manifest).Where(program => !CanRun(root, program))];
        List<string> lines = [.. missing.Select(program =>
            $"  /{program.Path}{(program.Package is null ? "" : $" (package {program.Package})")}: {program.Why}")];
        bool mountPoints = false;
        foreach (VolumeSettings volume in manifest.Volumes.Select(volume => volume.Settings))
        {
            if (ProblemOfMountPoint(root, volume.MountPoint.TrimStart('/')) is { } problem)
            {
                mountPoints = true;
                lines.Add($"  {volume.MountPoint}: {problem}; volume {volume.Name} is mounted there");
            }
        }

        if (lines.Count > 0)
        {
            throw new BuildException("the root file system lacks what the manifest asks for:\n" + string.Join('\n', lines), Hint(missing, mountPoints, manifest.Rootfs.Suite is not null));
        }
    }

    private static string Hint(List<Program> missing, bool mountPoints, bool fromPackages)
    {
        string[] packages = [.. missing.Select(program => program.Package).OfType<string>().Distinct()];
        List<string> hints = [];
        if (packages.Length > 0)
        {
            string names = string.Join(", ", packages.Select(package => $"\"{package}\""));
            hints.Add(fromPackages ? $"add {names} to rootfs.packages" : $"install {names} in the ready-made root");
        }

        if (missing.Exists(program => program.Package is null))
        {
            hints.Add(fromPackages ? "put the image's own programs into a directory of rootfs.files, with their execute bits" : "put the image's own programs into the ready-made root, with their execute bits");
        }

        if (mountPoints)
        {
            hints.Add(fromPackages ? "make the directories to mount on by a program of rootfs.scripts" : "make the directories to mount on in the ready-made root");
        }

        return string.Join("; ", hints);
    }

    /// <summary>Whether a path leads to a program, as on the device: through links such as <c>sbin -> usr/sbin</c> too.</summary>
    private static bool CanRun(TarArchive root, Program program) =>
        root.FindFile(program.Path) is { } file && RootContent.Holds(file) && (program.IsLibrary || (file.Mode & ExecuteBits) != 0);

    /// <summary>What is wrong with a path that has to be a directory itself: an absolute link would lead out of a root that is not / yet.</summary>
    private static string? ProblemOfMountPoint(TarArchive root, string path)
    {
        for (int end = path.IndexOf('/'); ; end = path.IndexOf('/', end + 1))
        {
            string part = end < 0 ? path : path[..end];
            if (root.Find(part) is { } entry ? !(entry.IsDirectory && RootContent.Holds(entry)) : !IsMade(root, part))
            {
                return root.Find(part) switch
                {
                    { IsSymbolicLink: true } link => $"/{part} is a symbolic link to {link.LinkTarget}, not a directory",
                    { IsDirectory: false } => $"/{part} is not a directory",
                    _ => "no such directory",
                };
            }

            if (end < 0)
            {
                return null;
            }
        }
    }

    /// <summary>Whether a directory comes to be without a member of its own: every image has it, or something lies in it.</summary>
    private static bool IsMade(TarArchive root, string path) =>
        RootContent.Directories.Any(directory => directory.Path == path)
        || root.Entries.Any(entry => entry.Path.StartsWith(path + "/", StringComparison.Ordinal) && RootContent.Holds(entry));
}
