using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using System.Text;
using InitRuntime.Formats.BootConfig;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>
/// Every key of the manifest: the reader, its messages, <c>explain</c> and docs/manifest.md are made from these. No key's
/// initializer may need another file's key: their order is not defined across files.
/// </summary>
internal static partial class ManifestKeys
{
    private const long Mebi = 1L << 20;
    private const long Gibi = 1L << 30;
    private const long Tebi = 1L << 40;

    internal static readonly ManifestKey<string> ImageName = new("image", "name", TextForms.ImageName)
    {
        Summary = "What the image is called: in file names, in the boot report and in updates.",
        Required = true,
    };

    internal static readonly ManifestKey<string> ImageVersion = new("image", "version", TextForms.Version)
    {
        Summary = "Its version, for people and for update rules; compared as Debian compares versions.",
        Required = true,
    };

    internal static readonly ManifestKey<System.Guid?> ImageUuid = new("image", "uuid", TextForms.Uuid)
    {
        Summary = "The image UUID, by which a device finds its root. Two different images must not share one.",
        DefaultInWords = "made from the content",
        NoneInWords = "made from the content",
    };

    internal static readonly ManifestKey<string?> RootfsTar = new("rootfs", "tar", PathForms.File.OrNone<string?>(path => path, path => path!))
    {
        Summary = "A ready root file system as a tar archive, instead of packages.",
    };

    internal static readonly ManifestKey<string?> RootfsTree = new("rootfs", "tree", PathForms.ExistingDirectory.OrNone<string?>(path => path, path => path!))
    {
        Summary = "A ready root file system as a directory, instead of packages.",
    };

    internal static readonly ManifestKey<string?> RootfsSuite = new("rootfs", "suite", TextForms.Suite)
    {
        Summary = "The Debian suite that packages come from.",
        DefaultOf = values => HasReadyRoot(values) ? null : "trixie",
        DefaultInWords = "`\"trixie\"`; none with `tar` or `tree`",
    };

    internal static readonly ManifestKey<string> RootfsArchitecture = new("rootfs", "architecture", Forms.Choice("amd64"))
    {
        Summary = "The Debian architecture of the image.",
        Default = "amd64",
    };

    internal static readonly ManifestKey<IReadOnlyList<string>> RootfsMirrors = new(
        "rootfs", "mirrors", Forms.List("a list of URLs or apt sources lines", TextForms.Mirror))
    {
        Summary = "Where packages come from. A snapshot (snapshot.debian.org) makes builds of different days equal.",
        Default = [],
        DefaultInWords = "mmdebstrap's own for the suite",
        NoneInWords = "mmdebstrap's own for the suite",
    };

    internal static readonly ManifestKey<IReadOnlyList<string>> RootfsPackages = new(
        "rootfs", "packages", Forms.List("a list of Debian packages", TextForms.Package))
    {
        Summary = "The packages of the image, beside the essential ones; what they depend on comes along. Required, unless the root is ready-made (`tar`, `tree`). The kernel has its own key.",
        Default = [],
    };

    internal static readonly ManifestKey<IReadOnlyList<string>> RootfsExclude = new(
        "rootfs", "exclude", Forms.List("a list of path patterns", TextForms.Exclude))
    {
        Summary = "Files of packages that are left out, as dpkg's path-exclude takes them.",
        DefaultOf = values => HasReadyRoot(values) ? [] : ["/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*"],
        DefaultInWords = "`/usr/share/{doc,info,locale,man}/*`; none with `tar` or `tree`",
    };

    internal static readonly ManifestKey<IReadOnlyList<string>> RootfsFiles = new(
        "rootfs", "files", Forms.List("a list of directories; relative to the manifest", PathForms.ExistingDirectory))
    {
        Summary = "Directories that are copied over the root in this order; all files belong to root there.",
        Default = [],
    };

    internal static readonly ManifestKey<IReadOnlyList<string>> RootfsScripts = new(
        "rootfs", "scripts", Forms.List("a list of programs; relative to the manifest", PathForms.Program))
    {
        Summary = "Programs that are run inside the root (chroot) at the end, in this order.",
        Default = [],
    };

    internal static readonly ManifestKey<string> RootfsFileSystem = new("rootfs", "file-system", Forms.Choice("erofs", "squashfs"))
    {
        Summary = "The read-only file system that holds the root.",
        Default = "erofs",
    };

    internal static readonly ManifestKey<string> RootfsCompression = new(
        "rootfs", "compression", Forms.Text("a compressor, and perhaps its level", _ => null))
    {
        Summary = "How it is compressed: `none`; for erofs `lz4`, `lz4hc`, `lzma`, `deflate`, `zstd`; for squashfs `gzip`, `lzo`, `lz4`, `lz4hc`, `xz`, `zstd`. A level follows as in `\"zstd,level=15\"`.",
        DefaultOf = values => values.Get(RootfsFileSystem) == "squashfs" ? "zstd" : "lz4hc,level=12",
        DefaultInWords = "`\"lz4hc,level=12\"` for erofs, `\"zstd\"` for squashfs",
    };

    internal static readonly ManifestKey<string> KernelPackage = new("kernel", "package", TextForms.KernelPackage)
    {
        Summary = "The Debian package of the kernel. A ready-made root (`tar`, `tree`) brings its own.",
        Default = "linux-image-amd64",
    };

    internal static readonly ManifestKey<IReadOnlyList<string>> KernelCommandLine = new(
        "kernel", "command-line", Forms.List("a list of words", TextForms.Word))
    {
        Summary = "The whole kernel command line, sealed in the UKI; one word an item, and it replaces the default. Keep `panic=` (the build refuses a line without it: a panic must end in a reboot), `watchdog.handle_boot_enabled=0` (the kernel must not feed the loader's watchdog by itself), `gpt` (a damaged partition table is read from its backup copy) and `systemd.gpt_auto=0` (no partition is mounted unasked). Add a console of your board, such as `console=ttyS0,115200`.",
        Default = ["panic=5", "gpt", "watchdog.handle_boot_enabled=0", "systemd.gpt_auto=0"],
    };

    internal static readonly ManifestKey<IReadOnlyList<string>> KernelModules = new(
        "kernel", "modules", Forms.List("a list of modules", TextForms.Module))
    {
        Summary = "Modules that the initramfs carries, and loads when a device asks for them; what they depend on comes along. Ones that the kernel has built in do no harm. The default covers the disks of virtual machines and of most boards: virtio, NVMe, SATA, eMMC and SD cards, USB.",
        Default =
        [
            "virtio_blk", "virtio_scsi", "nvme", "ahci", "sd_mod", "mmc_block", "sdhci_pci", "sdhci_acpi", "usb_storage", "uas",
            "xhci_pci", "ehci_pci",
        ],
    };

    internal static readonly ManifestKey<IReadOnlyList<string>> KernelModulesAlways = new(
        "kernel", "modules-always", Forms.List("a list of modules", TextForms.Module))
    {
        Summary = "Modules that are loaded at every boot, beside those that the boot itself needs (dm-verity, the file system, overlay).",
        Default = [],
    };

    internal static readonly ManifestKey<IReadOnlyDictionary<string, string>> KernelModuleOptions = new(
        "kernel", "module-options", TextForms.ModuleOptions)
    {
        Summary = "Parameters of modules that the boot loads, such as `iTCO_wdt = \"nowayout=1\"`.",
        Default = new Dictionary<string, string>(),
    };

    internal static readonly ManifestKey<string> VerityAlgorithm = new("verity", "algorithm", Forms.Choice("sha256", "sha384", "sha512"))
    {
        Summary = "The digest of the hash tree.",
        Default = "sha256",
    };

    internal static readonly ManifestKey<int> VerityDataBlockSize = new("verity", "data-block-size", BlockSize)
    {
        Summary = "Bytes that one hash covers.",
        Default = 4096,
    };

    internal static readonly ManifestKey<int> VerityHashBlockSize = new("verity", "hash-block-size", BlockSize)
    {
        Summary = "Bytes of one block of the hash tree.",
        Default = 4096,
    };

    internal static readonly ManifestKey<string?> VeritySalt = new("verity", "salt", TextForms.Salt)
    {
        Summary = "What is hashed in front of each block; `\"\"` for nothing. With the same salt, blocks that two versions share have the same hashes.",
        DefaultOf = values => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(values.Get(ImageName!)))),
        DefaultInWords = "sha256 of `image.name`",
        DerivedFrom = ImageName,
    };

    internal static readonly ManifestKey<CorruptionPolicy> VerityOnCorruption = new("verity", "on-corruption", Forms.Choice(
        ("panic", CorruptionPolicy.Panic), ("restart", CorruptionPolicy.Restart), ("eio", CorruptionPolicy.Eio), ("ignore", CorruptionPolicy.Ignore)))
    {
        Summary = "What the kernel does when a block of the root does not match its hash: panic (and so, by `panic=`, reboot), restart, fail the read, or only log it (`ignore`, never for a product).",
        Default = CorruptionPolicy.Panic,
    };

    internal static readonly ManifestKey<bool> VerityCheckAtMostOnce = new("verity", "check-at-most-once", Forms.Flag)
    {
        Summary = "Check each block only the first time it is read: faster, but blind to a disk that changes later.",
        Default = false,
    };

    internal static readonly ManifestKey<bool> VerityIgnoreZeroBlocks = new("verity", "ignore-zero-blocks", Forms.Flag)
    {
        Summary = "Do not read blocks that are known to be zero.",
        Default = false,
    };

    internal static readonly ManifestKey<bool> VerityTryVerifyInTasklet = new("verity", "try-verify-in-tasklet", Forms.Flag)
    {
        Summary = "Check without a work queue where the kernel can: a shorter wait for each read.",
        Default = false,
    };

    internal static readonly ManifestKey<int> VerityFecRoots = new(
        "verity", "fec-roots", Forms.Number("`0`, or `2` to `24`", number => number is 0 or (>= 2 and <= 24)))
    {
        Summary = "Parity bytes for each codeword of forward error correction, which repairs worn flash; 0 for none. Needs both block sizes equal.",
        Default = 0,
    };

    internal static readonly ManifestKey<string?> VerityRootHashKey = new(
        "verity", "root-hash-key", PathForms.File.OrNone<string?>(path => path, path => path!))
    {
        Summary = "Private key (PEM) that signs the root hash, for kernels that check it against their keyring. With `root-hash-certificate`.",
    };

    internal static readonly ManifestKey<string?> VerityRootHashCertificate = new(
        "verity", "root-hash-certificate", PathForms.File.OrNone<string?>(path => path, path => path!))
    {
        Summary = "Its certificate (PEM).",
    };

    private static Form<int> BlockSize => Forms.Number(
        "`512`, `1024`, `2048` or `4096`", number => number is 512 or 1024 or 2048 or 4096);

    private static bool HasReadyRoot(ManifestValues values) =>
        values.PlaceOf(RootfsTar) is not null || values.PlaceOf(RootfsTree) is not null;
}
