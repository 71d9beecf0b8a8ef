using System;
using System.Collections.Generic;
using System.Linq;
using InitRuntime.Formats.BootConfig;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <content>The keys about persistent volumes, and about the TPM that holds their keys.</content>
internal static partial class ManifestKeys
{
    /// <summary>Where Debian keeps what belongs to its packages and not to the device.</summary>
    private static readonly string[] _packageState = ["/var/lib/dpkg", "/var/lib/ucf", "/var/lib/pam", "/var/cache/debconf"];

    internal static readonly ManifestKey<string> VolumeName = new("volume", "name", TextForms.VolumeName)
    {
        Summary = "The GPT label of its partition, and the name of its device in /dev/mapper.",
        Required = true,
    };

    internal static readonly ManifestKey<string> VolumeMount = new("volume", "mount", PathForms.InImage)
    {
        Summary = "The directory of the root where it is mounted. What the root has there is copied to a new volume.",
        Required = true,
    };

    internal static readonly ManifestKey<long> VolumeSize = new("volume", "size", Forms.Size(16 * Mebi, 16 * Tebi))
    {
        Summary = "Its partition in the disk image. Encryption takes 16M of it.",
        Default = Gibi,
    };

    internal static readonly ManifestKey<string> VolumeFileSystem = new("volume", "file-system", Forms.Choice(VolumeRules.FileSystems))
    {
        Summary = "Its file system. The programs that make, check and grow it come from the root: `btrfs-progs`, `e2fsprogs` or `xfsprogs`.",
        Default = "btrfs",
    };

    internal static readonly ManifestKey<IReadOnlyList<string>> VolumeMountOptions = new(
        "volume", "mount-options", Forms.List("a list of words", TextForms.MountOption))
    {
        Summary = "What `mount -o` takes, one option an item.",
        Default = ["nodev", "nosuid"],
    };

    internal static readonly ManifestKey<VolumeEncryption> VolumeEncrypt = new(
        "volume", "encrypt", Choices<VolumeEncryption>(VolumeSettingsJson.Name))
    {
        Summary = "Whether it is encrypted (LUKS2), and what the first boot does with what it finds. `format`: a partition that is marked as new (disk images mark it by GPT attribute bit 56) is encrypted and formatted; anything else that is not encrypted is refused. `reencrypt`: as `format`, and a plain file system is encrypted in place with all that it holds (not xfs, which cannot be made smaller). `format-if-empty`: as `reencrypt`, and a partition without anything recognisable is formatted without the mark. `none`: not encrypted; formatted if it is marked as new. A volume declared encrypted is never mounted plain.",
        Default = VolumeEncryption.Format,
    };

    internal static readonly ManifestKey<bool> VolumeGrow = new("volume", "grow", Forms.Flag)
    {
        Summary = "Grow partition, encryption and file system to the end of a larger disk. Only the last volume can grow.",
        DefaultAt = (values, index) => index == values.CountOf("volume") - 1,
        DefaultInWords = "`true` for the last volume, else `false`",
    };

    internal static readonly ManifestKey<UnlockFallback> VolumeOnUnlockFailure = new("volume", "on-unlock-failure", Choices<UnlockFallback>(VolumeSettingsJson.Name))
    {
        Summary = "When the TPM does not give its key: end the boot, or ask for a passphrase or the recovery key on the console.",
        Default = UnlockFallback.Fail,
    };

    internal static readonly ManifestKey<RecoveryKeyUse> VolumeRecoveryKey = new("volume", "recovery-key", Choices<RecoveryKeyUse>(VolumeSettingsJson.Name))
    {
        Summary = "Whether the first boot makes a second key for people: none, one that is shown on the console once, or one that is handed to `escrow-program` once.",
        Default = RecoveryKeyUse.None,
    };

    internal static readonly ManifestKey<string?> VolumeEscrowProgram = new(
        "volume", "escrow-program", PathForms.InImage.OrNone<string?>(path => path, path => path!))
    {
        Summary = "The program of the root that takes the recovery key on its standard input. With `recovery-key = \"escrow\"`.",
    };

    internal static readonly ManifestKey<SnapshotProvider> VolumeSnapshots = new("volume", "snapshots", Choices<SnapshotProvider>(VolumeSettingsJson.Name))
    {
        Summary = "Whose the data are. `btrfs`: each image has its own, a new image begins with a snapshot of its predecessor's, and a roll-back finds its own untouched. `dm-snapshot` (ext4, xfs): an image on trial writes into an area behind the file system, which is merged when the image is confirmed and dropped otherwise. `shared`: all images use the same.",
        DefaultAt = (values, index) => IsImagePairedByDefault(values, index) ? SnapshotProvider.Btrfs : SnapshotProvider.Shared,
        DefaultInWords = "`\"btrfs\"` for a btrfs at /var, else `\"shared\"`",
    };

    internal static readonly ManifestKey<IReadOnlyList<string>> VolumeSharedPaths = new(
        "volume", "shared-paths", Forms.List("a list of absolute paths in the image", PathForms.InImage))
    {
        Summary = "Directories of an image-paired volume that all images share nevertheless, such as logs, containers and databases.",
        DefaultAt = (values, index) => IsImagePairedByDefault(values, index) && values.PlaceOf(VolumeSnapshots, index) is null ? ["/var/log"] : [],
        DefaultInWords = "`[\"/var/log\"]` for a btrfs at /var, else none",
    };

    internal static readonly ManifestKey<string?> VolumeSharedOn = new(
        "volume", "shared-on", TextForms.VolumeName.OrNone<string?>(name => name, name => name!))
    {
        Summary = "The volume that holds the `shared-paths`, where the volume itself cannot: with `snapshots = \"dm-snapshot\"`. A volume before this one, with `snapshots = \"shared\"`.",
    };

    internal static readonly ManifestKey<IReadOnlyList<string>> VolumeImagePaths = new(
        "volume", "image-paths", Forms.List("a list of absolute paths in the image", PathForms.InImage))
    {
        Summary = "What lies at the volume's mount point and yet belongs to the image, such as dpkg's database: the build moves it to `/usr/lib/initruntime/image`, and the volume gets symbolic links to it. What the image does not have is passed over, if it is of the default.",
        DefaultAt = (values, index) => values.IsUsable(VolumeMount, index) ? [.. _packageState.Where(path => VolumeRules.IsBelow(path, values.Get(VolumeMount, index)))] : [],
        DefaultInWords = $"those of {string.Join(", ", _packageState.Select(path => $"`{path}`"))} that lie below `mount`",
    };

    internal static readonly ManifestKey<long> VolumeSnapshotSize = new("volume", "snapshot-size", Forms.Size(16 * Mebi, 16 * Tebi))
    {
        Summary = "With `snapshots = \"dm-snapshot\"`: the room behind the file system for what an image on trial writes. A trial that writes more ends: the device returns to the image before.",
        DefaultAt = (values, index) => values.IsUsable(VolumeSize, index) ? Math.Max(values.Get(VolumeSize, index) / (4 * Mebi), 16) * Mebi : 16 * Mebi,
        DefaultInWords = "a quarter of `size`",
    };

    internal static readonly ManifestKey<long> VolumeMinimumFree = new("volume", "minimum-free", Forms.Size(0, 16 * Tebi))
    {
        Summary = "With `snapshots = \"btrfs\"`: what must be free before a new image gets its snapshot; else its first boot fails by name, and the device returns to the image before.",
        Default = 16 * Mebi,
    };

    internal static readonly ManifestKey<DamageAction> VolumeOnDamage = new("volume", "on-damage", Choices<DamageAction>(VolumeSettingsJson.Name))
    {
        Summary = "When the file system is damaged and its own tools cannot repair it safely: end the boot, or make the volume anew as on a first boot. What it held is gone then.",
        Default = DamageAction.Fail,
    };

    internal static readonly ManifestKey<bool> VolumeFactoryReset = new("volume", "factory-reset", Forms.Flag)
    {
        Summary = "Whether a factory reset of all volumes takes this one, too.",
        Default = true,
    };

    internal static readonly ManifestKey<string?> ResetLoaderVariable = new(
        "factory-reset", "loader-variable", TextForms.LoaderVariable.OrNone<string?>(name => name, name => name!))
    {
        Summary = "The user variable of EFI Boot Guard's environment that can ask for a factory reset: `all`, `overlays` or names of volumes. Nobody signs that environment: whoever can write the boot partitions can then erase the volumes.",
    };

    internal static readonly ManifestKey<MeasurePolicy> TpmMeasure = new("tpm", "measure", Choices<MeasurePolicy>(VolumeSettingsJson.Name))
    {
        Summary = "Whether a boot that cannot measure itself into the TPM goes on.",
        Default = MeasurePolicy.BestEffort,
    };

    internal static readonly ManifestKey<IReadOnlyList<int>> TpmSignedPcrs = new("tpm", "signed-pcrs", Forms.List("a list of PCRs, `0` to `23`", Pcr))
    {
        Summary = "PCRs that the keys of volumes are bound to by a signature in the UKI: every image signed with the same `signing.pcr-key` gets them, so updates need no new seal. The build signs PCR 11 only (the UKI, while it is in the initramfs): `[11]` or `[]`.",
        Default = [11],
    };

    internal static readonly ManifestKey<IReadOnlyList<int>> TpmPcrs = new("tpm", "pcrs", Forms.List("a list of PCRs, `0` to `23`", Pcr))
    {
        Summary = "PCRs that the keys of volumes are bound to by the values they have when the volume is encrypted: whatever changes them (firmware updates: 0, Secure Boot keys: 7) locks the volume.",
        Default = [],
    };

    internal static readonly ManifestKey<bool> TpmPin = new("tpm", "pin", Forms.Flag)
    {
        Summary = "Ask for a PIN on the console as well, which the TPM checks.",
        Default = false,
    };

    private static Form<int> Pcr => Forms.Number("`0` to `23`", number => number is >= 0 and < TpmSettings.PcrCount);

    private static bool IsImagePairedByDefault(ManifestValues values, int index) =>
        values.IsUsable(VolumeMount, index) && values.Get(VolumeMount, index) == "/var"
        && values.IsUsable(VolumeFileSystem, index) && values.Get(VolumeFileSystem, index) == "btrfs";

    /// <summary>Every value of an enum, by the word that boot.json has for it.</summary>
    private static Form<T> Choices<T>(Func<T, string> name)
        where T : struct, Enum => Forms.Choice<T>([.. Enum.GetValues<T>().Select(value => (name(value), value))]);
}
