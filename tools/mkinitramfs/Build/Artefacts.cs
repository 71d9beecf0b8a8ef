namespace InitRuntime.Mkinitramfs.Build;

/// <summary>Names of what a build leaves in its directory.</summary>
internal static class Artefacts
{
    /// <summary>The whole disk, to be flashed.</summary>
    internal const string Disk = "disk.img";

    /// <summary>The signed UKI.</summary>
    internal const string Uki = "linux.efi";

    internal const string Initramfs = "initramfs.cpio.zst";

    /// <summary>The root's file system and its verity tree.</summary>
    internal const string Root = "rootfs.img";

    /// <summary>What devices in the field install.</summary>
    internal const string Update = "update.swu";

    /// <summary>The same, for devices that download only the chunks that they do not have.</summary>
    internal const string DeltaUpdate = "update-delta.swu";

    /// <summary>Directory that is published for it: <c>IMAGE-UUID/rootfs.zck</c> and <c>IMAGE-UUID/linux.zck</c>.</summary>
    internal const string Delta = "delta";

    /// <summary>What the build made: names, hashes, sizes.</summary>
    internal const string Summary = "image.json";

    /// <summary>Directory with the certificates PK.crt, KEK.crt and db.crt that a device has to trust.</summary>
    internal const string SecureBootKeys = "secure-boot";
}
