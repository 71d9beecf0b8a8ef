using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

namespace InitRuntime.Mkinitramfs.Host;

/// <summary>
/// A small Debian tree that holds every outside tool the build and the tests run (mkfs.erofs, sbverify, qemu ...), so that
/// Debian 12 and Debian 13 hosts run the same versions and make the same bytes. It is made once by mmdebstrap and kept in the
/// cache. A tool sees the host's files, but the tree's /usr and /etc.
/// </summary>
internal sealed class ToolsTree
{
    private const string Suite = "trixie";

    private static readonly string[] Packages =
    [
        "btrfs-progs", "clevis-tpm2", "cpio", "cryptsetup-bin", "dosfstools", "e2fsprogs", "efibootguard", "erofs-utils", "fdisk",
        "gdisk", "kmod", "mtools", "openssl", "ovmf", "python3-cryptography", "python3-virt-firmware", "qemu-system-x86",
        "qemu-utils", "sbsigntool", "squashfs-tools", "swtpm", "swtpm-tools", "swupdate", "systemd-boot-efi", "systemd-cryptsetup",
        "systemd-ukify", "tpm2-tools", "xfsprogs", "xz-utils", "zchunk", "zstd",
    ];

    private readonly string _root;
    private readonly IBuildLog _log;

    private ToolsTree(string root, IBuildLog log)
    {
        _root = root;
        _log = log;
    }

    /// <summary>Where a file of the tree lies on the host, for example <c>usr/lib/systemd/boot/efi/linuxx64.efi.stub</c>.</summary>
    internal string HostPath(string pathInTree) => Path.Combine(_root, pathInTree.TrimStart('/'));

    /// <summary>The tree, made first if the cache does not have it.</summary>
    /// <exception cref="BuildException">mmdebstrap is missing or fails.</exception>
    internal static ToolsTree Open(string cacheDirectory, IBuildLog log)
    {
        string key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(' ', Packages.Prepend(Suite)))))[..16];
        string root = Path.Combine(cacheDirectory, $"tools-{Suite}-{key}");
        if (!Directory.Exists(root))
        {
            Directory.CreateDirectory(cacheDirectory);
            using FileStream held = FileLock.Hold(root + ".lock");
            if (!Directory.Exists(root))
            {
                log.Step($"making the tools tree ({Packages.Length} packages of Debian {Suite})", () => Make(root, log));
            }
        }

        return new ToolsTree(root, log);
    }

    /// <summary>A command of the tree; run it with <see cref="HostCommand.Run"/>.</summary>
    internal HostCommand Command(string tool, params IReadOnlyList<string> arguments) => new(
        "bwrap",
        ["--dev-bind", "/", "/", "--ro-bind", HostPath("usr"), "/usr", "--ro-bind", HostPath("etc"), "/etc", "--die-with-parent", "--", tool, .. arguments])
    {
        Environment = new Dictionary<string, string> { ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin", ["LC_ALL"] = "C.UTF-8" },
    };

    /// <summary>Runs a tool of the tree to its end and gives its output as text.</summary>
    internal string Run(string tool, params IReadOnlyList<string> arguments) => Command(tool, arguments).RunText(_log);

    private static string Make(string root, IBuildLog log)
    {
        string work = $"{root}.{Environment.ProcessId}.tmp";
        string tar = work + ".tar";
        Directory.CreateDirectory(work);
        try
        {
            new HostCommand(
                "mmdebstrap", "--quiet", "--variant=apt", $"--include={string.Join(',', Packages)}", "--dpkgopt=path-exclude=/usr/share/man/*",
                "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*", Suite, tar).Run(log);
            // Only what tools read: no device nodes, no owners, so that any user can make it.
            new HostCommand("tar", "-x", "--no-same-owner", "--exclude=./dev/*", "-C", work, "-f", tar).Run(log);
            Directory.Move(work, root);
            return root;
        }
        finally
        {
            File.Delete(tar);
            if (Directory.Exists(work))
            {
                Directory.Delete(work, recursive: true);
            }
        }
    }
}
