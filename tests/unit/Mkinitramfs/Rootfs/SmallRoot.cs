using System;
using System.IO;
using InitRuntime.Unit.Harness;

namespace InitRuntime.Unit.Mkinitramfs.Rootfs;

/// <summary>A root file system of a few files with a kernel of a few modules, as a directory and as a tar archive.</summary>
internal static class SmallRoot
{
    internal const string KernelVersion = "6.12.0-test";

    /// <summary>A module's file is known by its begin and its end only.</summary>
    internal static byte[] Module(string name) =>
        [.. "\x7f"u8, .. "ELF"u8, .. System.Text.Encoding.ASCII.GetBytes(name), .. "~Module signature appended~\n"u8];

    /// <summary>Makes the tree, and the archive <c>root.tar</c> beside it with the real tar; gives the archive's path.</summary>
    internal static string Make(TemporaryDirectory directory, string tarFormat = "pax")
    {
        string root = directory["root"];
        Write(root, "usr/lib/os-release", "ID=debian\nIMAGE_ID=old\n"u8);
        Write(root, "usr/bin/program", new byte[100_000]);
        Write(root, "etc/hostname", "test\n"u8);
        Write(root, "etc/machine-id", "0123456789abcdef0123456789abcdef\n"u8);
        Write(root, "var/lib/systemd/random-seed", "secret"u8);
        Write(root, "var/cache/apt/pkgcache.bin", "cache"u8);
        Write(root, "run/left-over", "x"u8);
        Write(root, new string('d', 90) + "/" + new string('f', 90), "a long name"u8);
        foreach (string program in (string[])["usr/sbin/cryptsetup", "usr/sbin/mkfs.btrfs", "usr/bin/btrfs", "usr/bin/cp"])
        {
            Write(root, program, "program"u8);
            File.SetUnixFileMode(Path.Combine(root, program), (UnixFileMode)0x1ed /* 0755 */);
        }

        Directory.CreateDirectory(Path.Combine(root, "tmp"));
        File.CreateSymbolicLink(Path.Combine(root, "etc/os-release"), "../usr/lib/os-release");
        File.CreateSymbolicLink(Path.Combine(root, "vmlinuz"), $"boot/vmlinuz-{KernelVersion}");
        File.CreateSymbolicLink(Path.Combine(root, "lib"), "usr/lib");
        Write(root, $"boot/vmlinuz-{KernelVersion}", File.ReadAllBytes(Tools.Tree.HostPath("usr/lib/systemd/boot/efi/systemd-bootx64.efi")));
        Write(root, $"boot/config-{KernelVersion}", Text(
            "CONFIG_EFI=y", "CONFIG_EFI_STUB=y", "CONFIG_BLK_DEV_INITRD=y", "CONFIG_RD_ZSTD=y", "CONFIG_DEVTMPFS=y", "CONFIG_TMPFS=y",
            "CONFIG_EFIVAR_FS=m", "CONFIG_DM_VERITY=m", "CONFIG_DM_VERITY_FEC=y", "CONFIG_OVERLAY_FS=m", "CONFIG_WATCHDOG=y",
            "CONFIG_EROFS_FS=m", "CONFIG_EROFS_FS_XATTR=y", "CONFIG_EROFS_FS_ZIP=y", "CONFIG_SQUASHFS=m", "CONFIG_SQUASHFS_XATTR=y",
            "CONFIG_SQUASHFS_ZSTD=y", "CONFIG_MODULE_SIG=y",
            "CONFIG_DM_CRYPT=m", "CONFIG_CRYPTO_AES=y", "CONFIG_CRYPTO_XTS=m", "CONFIG_KEYS=y", "CONFIG_TCG_TPM=y", "CONFIG_TCG_CRB=y",
            "CONFIG_BTRFS_FS=m", "CONFIG_EXT4_FS=m", "# CONFIG_EROFS_FS_ZIP_ZSTD is not set"));
        string modules = $"usr/lib/modules/{KernelVersion}";
        Write(root, $"{modules}/modules.dep", Text(
            "kernel/drivers/md/dm-mod.ko.xz:", "kernel/drivers/md/dm-bufio.ko.xz: kernel/drivers/md/dm-mod.ko.xz",
            "kernel/drivers/md/dm-verity.ko.xz: kernel/drivers/md/dm-bufio.ko.xz kernel/drivers/md/dm-mod.ko.xz",
            "kernel/fs/erofs.ko.zst: kernel/lib/libcrc32c.ko", "kernel/fs/squashfs.ko:", "kernel/fs/overlay.ko:", "kernel/lib/libcrc32c.ko:",
            "kernel/crypto/crc32c_generic.ko:", "kernel/crypto/crc32c-intel.ko:", "kernel/crypto/sha256-ssse3.ko:",
            "kernel/drivers/nvme.ko:", "kernel/a.ko:", "kernel/b.ko:",
            "kernel/drivers/md/dm-crypt.ko.xz: kernel/drivers/md/dm-mod.ko.xz", "kernel/crypto/xts.ko:", "kernel/crypto/cryptd.ko:",
            "kernel/crypto/aesni-intel.ko: kernel/crypto/cryptd.ko", "kernel/fs/btrfs.ko: kernel/crypto/xor.ko kernel/lib/libcrc32c.ko",
            "kernel/crypto/xor.ko:", "kernel/crypto/xxhash_generic.ko:", "kernel/fs/ext4.ko.zst: kernel/fs/mbcache.ko", "kernel/fs/mbcache.ko:",
            "kernel/drivers/i6300esb.ko:"));
        Write(root, $"{modules}/modules.softdep", Text(
            "# Soft dependencies", "softdep libcrc32c pre: crc32c", "softdep btrfs pre: xxhash64", "softdep cifs gcm", "softdep a pre: b post: nvme", "softdep b pre: a missing"));
        Write(root, $"{modules}/modules.alias", Text(
            "alias crc32c crc32c_intel", "alias crc32c crc32c_generic", "alias cpu:type:x86,ven*:feature:*0094* crc32c_intel",
            "alias crypto-sha256 sha256_ssse3", "alias cpu:type:x86,ven*:feature:*0089* sha256_ssse3",
            "alias pci:v*d*sv*sd*bc01sc08i02* nvme", "alias crypto-aes aesni_intel", "alias cpu:type:x86,ven*:feature:*0099* aesni_intel",
            "alias xxhash64 xxhash_generic", "alias pci:v00008086d000025ABsv*sd*bc*sc*i* i6300esb"));
        Write(root, $"{modules}/modules.builtin", Text("kernel/fs/efivarfs.ko", "kernel/drivers/char/tpm/tpm_crb.ko"));
        foreach (string path in (string[])["fs/squashfs.ko", "fs/overlay.ko", "lib/libcrc32c.ko", "crypto/crc32c_generic.ko", "crypto/crc32c-intel.ko",
            "crypto/sha256-ssse3.ko", "drivers/nvme.ko", "a.ko", "b.ko", "drivers/md/dm-mod.ko", "drivers/md/dm-bufio.ko", "drivers/md/dm-verity.ko", "fs/erofs.ko",
            "drivers/md/dm-crypt.ko", "crypto/xts.ko", "crypto/cryptd.ko", "crypto/aesni-intel.ko", "crypto/xor.ko", "crypto/xxhash_generic.ko",
            "fs/btrfs.ko", "fs/ext4.ko", "fs/mbcache.ko", "drivers/i6300esb.ko"])
        {
            Write(root, $"{modules}/kernel/{path}", Module(path));
        }

        Tools.Run("sh", "-c", $"cd '{root}/{modules}/kernel' && xz --check=crc32 drivers/md/*.ko && zstd -q --rm fs/erofs.ko fs/ext4.ko");
        string tar = directory["root.tar"];
        Tools.Run("tar", $"--format={tarFormat}", "--numeric-owner", "--owner=0", "--group=0", "--sort=name", "--mtime=@0", "-cf", tar, "-C", root, ".");
        return tar;
    }

    private static byte[] Text(params string[] lines) => System.Text.Encoding.ASCII.GetBytes(string.Join('\n', lines) + "\n");

    private static void Write(string root, string path, ReadOnlySpan<byte> content)
    {
        string full = Path.Combine(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, content);
    }
}
