using System;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Manifest;

/// <summary>Each rule gives exactly its message, at exactly its place.</summary>
public sealed class ManifestRulesTests
{
    /// <summary>Lines added to the smallest manifest; they begin in line 8.</summary>
    [Theory]
    [InlineData("[imge]\nx = 1", "8:2: imge: unknown section\nhint: did you mean [image]?")]
    [InlineData("[other]", "8:2: other: unknown section\nhint: known sections: [image], [rootfs], [kernel], [verity], [disk], [[volume]], [tpm], [boot], [[overlay]], [factory-reset], [device], [confirm], [[health-check]], [update], [[hook]], [failure], [signing], [development]")]
    [InlineData("[boot]\nwatchdgo = '1min'", "9:1: boot.watchdgo: unknown key\nhint: did you mean watchdog?")]
    [InlineData("[boot]\nroot-size = '1G'", "9:1: boot.root-size: unknown key\nhint: root-size belongs into [disk]")]
    [InlineData("[development]\nzzzzzz = 1", "9:1: development.zzzzzz: unknown key\nhint: known keys: debug-shell")]
    [InlineData("[boot]\n\"\\u001b[2J\" = 1", "9:1: boot.\"\\u001b[2J\": unknown key\nhint: known keys: loader, watchdog, watchdog-modules, device-timeout, init")]
    [InlineData("[[boot]]", "8:3: boot: a list, wanted a section\nhint: begin it with [boot]")]
    [InlineData("[overlay]\npath = '/etc'", "8:2: overlay: a table, wanted a section\nhint: begin it with [[overlay]]")]
    [InlineData("[development]\ndebug-shell = 'yes'", "9:15: development.debug-shell: a text, wanted true or false, without quotes")]
    [InlineData("[kernel]\npackage = 5", "9:11: kernel.package: a number, wanted a text in quotes")]
    [InlineData("[kernel]\npackage = 'vmlinux'", "9:11: kernel.package: \"vmlinux\" is not a kernel package\nhint: such as \"linux-image-amd64\", \"linux-image-cloud-amd64\" or \"linux-image-rt-amd64\"")]
    [InlineData("[kernel]\nmodules = 'nvme'", "9:11: kernel.modules: a text, wanted a list in [..]")]
    [InlineData("[kernel]\nmodules = ['nvme', 'drivers/ahci.ko']", "9:20: kernel.modules: \"drivers/ahci.ko\" is not a module name\nhint: letters, digits and _, without path and .ko, such as \"virtio_blk\"")]
    [InlineData("[kernel]\nmodules = ['sdhci-pci', 'sdhci_pci']", "9:25: kernel.modules: \"sdhci_pci\" stands twice in the list\nhint: remove one")]
    [InlineData("[kernel.module-options]\nnvme = 1", "9:8: kernel.module-options.nvme: a number, wanted parameters in quotes such as \"nowayout=1\"")]
    [InlineData("[kernel.module-options]\nnvme = ''", "9:8: kernel.module-options.nvme: \"\" is not a list of parameters\nhint: name=value, several with spaces between")]
    [InlineData("[kernel.module-options]\n'a b' = 'x'", "9:1: kernel.module-options: \"a b\" is not a module name, or stands twice\nhint: letters, digits and _")]
    [InlineData("[kernel]\ncommand-line = ['quiet']", "9:16: kernel.command-line: no \"panic=\": after a kernel panic the device would hang\nhint: add \"panic=5\"; the default words are \"panic=5\", \"gpt\", \"watchdog.handle_boot_enabled=0\", \"systemd.gpt_auto=0\"")]
    [InlineData("[kernel]\ncommand-line = ['panic=5', 'panic=0']", "9:16: kernel.command-line: \"panic=0\" does not reboot after a panic\nhint: use \"panic=5\": seconds until the reboot")]
    [InlineData("[kernel]\ncommand-line = ['panic=5 quiet']", "9:17: kernel.command-line: \"panic=5 quiet\" is not one word\nhint: give each word its own item, without spaces, quotes or letters beyond ASCII")]
    [InlineData("[kernel]\ncommand-line = ['panic=5', 'root=/dev/sda']", "9:28: kernel.command-line: \"root=/dev/sda\" has no place here\nhint: the root is found by the UUID in its verity superblock")]
    [InlineData("[verity]\nalgorithm = 'sha265'", "9:13: verity.algorithm: \"sha265\" is not known\nhint: use \"sha256\"")]
    [InlineData("[verity]\nalgorithm = 'md5'", "9:13: verity.algorithm: \"md5\" is not known\nhint: known: \"sha256\", \"sha384\", \"sha512\"")]
    [InlineData("[verity]\ndata-block-size = 1000", "9:19: verity.data-block-size: 1000 is out of range\nhint: wanted: 512, 1024, 2048 or 4096")]
    [InlineData("[verity]\nhash-block-size = 8192", "9:19: verity.hash-block-size: 8192 is out of range\nhint: wanted: 512, 1024, 2048 or 4096")]
    [InlineData("[verity]\nhash-block-size = 9223372036854775807", "9:19: verity.hash-block-size: 9223372036854775807 is out of range\nhint: wanted: 512, 1024, 2048 or 4096")]
    [InlineData("[verity]\nfec-roots = 1", "9:13: verity.fec-roots: 1 is out of range\nhint: wanted: 0, or 2 to 24")]
    [InlineData("[verity]\nfec-roots = 2.5", "9:13: verity.fec-roots: a fraction or a date, wanted a whole number")]
    [InlineData("[verity]\nfec-roots = 2\ndata-block-size = 1024", "9:1: verity.fec-roots: data-block-size is 1024 and hash-block-size is 4096\nhint: the kernel corrects errors only when both block sizes are equal")]
    [InlineData("[verity]\nsalt = 'abc'", "9:8: verity.salt: \"abc\" is not a salt\nhint: an even number of hex digits, at most 512; \"\" for none")]
    [InlineData("[verity]\nroot-hash-key = 'plain.txt'", "9:1: verity.root-hash-key: set without root-hash-certificate\nhint: set both or neither")]
    [InlineData("[verity]\nroot-hash-certificate = 'plain.txt'", "9:1: verity.root-hash-certificate: set without root-hash-key\nhint: set both or neither")]
    [InlineData("[disk]\nroot-size = 1024", "9:13: disk.root-size: a number, wanted a size in quotes such as \"64M\" or \"1G\"")]
    [InlineData("[disk]\nroot-size = '1GB'", "9:13: disk.root-size: \"1GB\" is not a size\nhint: a whole number and one of K, M, G, T (powers of 1024), such as \"64M\"")]
    [InlineData("[disk]\nroot-size = '9999999999G'", "9:13: disk.root-size: \"9999999999G\" is not a size\nhint: a whole number and one of K, M, G, T (powers of 1024), such as \"64M\"")]
    [InlineData("[disk]\nroot-size = '5T'", "9:13: disk.root-size: \"5T\" is out of range\nhint: wanted: from 16M to 1T")]
    [InlineData("[disk]\nefi-size = '4M'", "9:12: disk.efi-size: \"4M\" is out of range\nhint: wanted: from 8M to 4G")]
    [InlineData("[boot]\nloader = 'systemd-boot'\n[disk]\nboot-size = '64M'", "11:1: disk.boot-size: is for efi-boot-guard alone, and boot.loader is systemd-boot\nhint: remove disk.boot-size")]
    [InlineData("[disk]\nboot-size = '10000K'", "9:13: disk.boot-size: \"10000K\" is not a whole number of mebibytes\nhint: use 10M")]
    [InlineData("[boot]\nloader = 'grub'", "9:10: boot.loader: \"grub\" is not known\nhint: known: \"efi-boot-guard\", \"systemd-boot\"")]
    [InlineData("[boot]\nwatchdog = 60", "9:12: boot.watchdog: a number, wanted a time in quotes such as \"30s\" or \"5min\"")]
    [InlineData("[boot]\nwatchdog = 'soon'", "9:12: boot.watchdog: \"soon\" is not a time\nhint: a whole number and one of s, min, h, such as \"30s\"")]
    [InlineData("[boot]\nwatchdog = '19h'", "9:12: boot.watchdog: \"19h\" is out of range\nhint: wanted: from 0s to 65535s")]
    [InlineData("[boot]\nwatchdog = '20s'", "9:12: boot.watchdog: device-timeout is 30s and watchdog is 20s\nhint: keep device-timeout below watchdog: else a missing disk ends in a bare reset instead of a message")]
    [InlineData("[boot]\ndevice-timeout = '60s'", "9:18: boot.device-timeout: device-timeout is 60s and watchdog is 60s\nhint: keep device-timeout below watchdog: else a missing disk ends in a bare reset instead of a message")]
    [InlineData("[boot]\ninit = 'sbin/init'", "9:8: boot.init: \"sbin/init\" is not a plain absolute path\nhint: it begins with / and has no empty, \".\" or \"..\" part")]
    [InlineData("[boot]\ninit = '/usr/../sbin//init'", "9:8: boot.init: \"/usr/../sbin//init\" is not a plain absolute path\nhint: use \"/sbin/init\"")]
    [InlineData("[[overlay]]\nupper = 'tmpfs'", "8:3: overlay.path: missing\nhint: add path = ..: an absolute path in the image")]
    [InlineData("[[overlay]]\npath = '/etc/'", "9:8: overlay.path: \"/etc/\" is not a plain absolute path\nhint: use \"/etc\"")]
    [InlineData("[[overlay]]\npath = '/etc'\nupper = 'ssd'", "10:9: overlay.upper: \"ssd\" is not known\nhint: known: \"tmpfs\", \"image\", \"shared\"")]
    [InlineData("[[overlay]]\npath = '/etc'\n[[overlay]]\npath = '/etc'", "11:8: overlay.path: \"/etc\" has an overlay already, in line 9\nhint: remove one of the two")]
    [InlineData("[[overlay]]\npath = '/var/log'\n[[overlay]]\npath = '/var'", "11:8: overlay.path: \"/var\" would hide the overlay of \"/var/log\", in line 9\nhint: put the outer directory first")]
    [InlineData("[[overlay]]\npath = '/run/lock'", "9:8: overlay.path: \"/run/lock\" belongs to the kernel's own file systems\nhint: it can be written without an overlay")]
    [InlineData("[[hook]]\nname = 'a'\nat = 'devices-ready'\nproject = 'plain.txt'\nclass = 'A'\n[[hook]]\nname = 'b'\nat = 'before-devices'\ntimeout = '20s'\nproject = 'plain.txt'\nclass = 'A'", "15:6: hook.timeout: before root-ready hooks may take 30s, device-timeout is 30s and watchdog is 60s\nhint: nothing feeds the watchdog yet: make timeouts shorter, or boot.watchdog longer")]
    [InlineData("[[hook]]\nname = 'a'\nat = 'root-ready'", "9:8: hook.program: missing\nhint: name one of program, which is put into the initramfs, root-program, which the root has, and project with class, which is compiled into /init")]
    [InlineData("[[hook]]\nname = 'a'\nat = 'root-ready'\nroot-program = '/bin/a'\nproject = 'plain.txt'", "9:8: hook.program: root-program and project contradict each other\nhint: name one of program, which is put into the initramfs, root-program, which the root has, and project with class, which is compiled into /init")]
    [InlineData("[[hook]]\nname = 'a'\nat = 'root-ready'\nproject = 'plain.txt'", "9:8: hook.class: missing\nhint: project names the C# project, class the class in it that is the hook")]
    [InlineData("[[hook]]\nname = 'a'\nat = 'root-ready'\nproject = 'plain.txt'\nclass = 'A.1'", "12:9: hook.class: \"A.1\" is not a class\nhint: its full name, such as \"Gateway.Identity\"")]
    [InlineData("[[hook]]\nname = 'a'\nat = 'devices-ready'\nroot-program = '/bin/a'", "10:6: hook.at: at devices-ready there is no root yet\nhint: use program, or one of root-ready, volumes-ready, before-switch-root")]
    [InlineData("[[hook]]\nname = 'a'\nat = 'root-ready'\nroot-program = '/bin/a'\nafter = ['b']", "12:9: hook.after: there is no hook \"b\"\nhint: name hooks of the same point")]
    [InlineData("[[hook]]\nname = 'a'\nat = 'root-ready'\nroot-program = '/bin/a'\nafter = ['b']\n[[hook]]\nname = 'b'\nat = 'root-ready'\nroot-program = '/bin/b'\nafter = ['a']", "12:9: hook.after: a circle: a, b wait for each other\nhint: take one of them out of after")]
    [InlineData("[[hook]]\nname = 'a'\nat = 'root-ready'\nroot-program = '/bin/a'\n[[hook]]\nname = 'a'\nat = 'root-ready'\nroot-program = '/bin/b'", "13:8: hook.name: \"a\" stands in line 9 too\nhint: give each hook a name of its own")]
    [InlineData("[failure]\naction = 'explode'", "9:10: failure.action: \"explode\" is not known\nhint: known: \"reboot\", \"halt\", \"power-off\"")]
    [InlineData("[failure]\nlongest-delay = '48h'", "9:17: failure.longest-delay: \"48h\" is out of range\nhint: wanted: from 0s to 24h")]
    public void An_added_mistake_is_told_at_its_place(string lines, string expected) =>
        Assert.Equal($"m.toml:{expected}", ManifestFile.ErrorsOf(ManifestFile.Smallest + lines + "\n"));

    /// <summary>A line of the smallest manifest, and what it is replaced by.</summary>
    [Theory]
    [InlineData("name = \"a\"\n", "", "1:2: image.name: missing\nhint: add name = ..: lower-case letters, digits, . and -")]
    [InlineData("[image]\nname = \"a\"\nversion = \"1\"\n", "image = 3\n", "1:1: image: a number, wanted a section\nhint: begin it with [image]", true)]
    [InlineData("\"a\"", "'Demo Image'", "2:8: image.name: \"Demo Image\" is not an image name\nhint: 1 to 64 lower-case letters, digits, dots and dashes, the first a letter or digit")]
    [InlineData("\"a\"", "'a\"b'", "2:8: image.name: \"a\\\"b\" is not an image name\nhint: 1 to 64 lower-case letters, digits, dots and dashes, the first a letter or digit")]
    [InlineData("\"1\"", "'v1'", "3:11: image.version: \"v1\" is not a version\nhint: 1 to 64 letters, digits and . + ~ -, the first a digit, such as \"1.4.0\"")]
    [InlineData("\"1\"", "1.0", "3:11: image.version: a fraction or a date, wanted a text in quotes")]
    [InlineData("[rootfs]", "uuid = '1234'\n[rootfs]", "4:8: image.uuid: \"1234\" is not a UUID\nhint: such as \"8dfb4b90-1f5a-4e53-8c5e-0d1f5ad2c1b7\", as uuidgen makes them")]
    [InlineData("[rootfs]", "uuid = '00000000-0000-0000-0000-000000000000'\n[rootfs]", "4:8: image.uuid: \"00000000-0000-0000-0000-000000000000\" is not a UUID\nhint: such as \"8dfb4b90-1f5a-4e53-8c5e-0d1f5ad2c1b7\", as uuidgen makes them")]
    [InlineData("packages = [\"udev\"]", "", "4:2: rootfs.packages: missing\nhint: name the packages of the image, such as packages = [\"systemd-sysv\", \"udev\", \"dbus\"]")]
    [InlineData("[\"udev\"]", "['Udev']", "5:13: rootfs.packages: \"Udev\" is not a package\nhint: a name such as \"openssh-server\", with =VERSION or /SUITE behind it if need be")]
    [InlineData("[\"udev\"]", "['udev', 'linux-image-amd64']", "5:21: rootfs.packages: \"linux-image-amd64\" is a kernel\nhint: name it in kernel.package")]
    [InlineData("[signing]", "suite = 'a b'\n[signing]", "6:9: rootfs.suite: \"a b\" is not a suite\nhint: a name such as \"trixie\"")]
    [InlineData("[signing]", "architecture = 'arm64'\n[signing]", "6:16: rootfs.architecture: \"arm64\" is not known\nhint: known: \"amd64\"")]
    [InlineData("[signing]", "mirrors = ['debian.org']\n[signing]", "6:12: rootfs.mirrors: \"debian.org\" is not a mirror\nhint: a URL such as \"http://mirror.example/debian\", or a line that begins with \"deb \"")]
    [InlineData("[signing]", "exclude = ['usr/share']\n[signing]", "6:12: rootfs.exclude: \"usr/share\" is not a path pattern\nhint: it begins with /, such as \"/usr/share/doc/*\"")]
    [InlineData("[signing]", "files = ['plain.txt']\n[signing]", "6:10: rootfs.files: \"plain.txt\" is a file, wanted a directory")]
    [InlineData("[signing]", "files = ['nowhere']\n[signing]", "6:10: rootfs.files: \"nowhere\" does not exist\nhint: looked for nowhere")]
    [InlineData("[signing]", "scripts = ['plain.txt']\n[signing]", "6:12: rootfs.scripts: \"plain.txt\" cannot be run\nhint: chmod +x plain.txt")]
    [InlineData("[signing]", "scripts = ['keys']\n[signing]", "6:12: rootfs.scripts: \"keys\" is a directory, wanted a file")]
    [InlineData("[signing]", "file-system = 'ext4'\n[signing]", "6:15: rootfs.file-system: \"ext4\" is not known\nhint: known: \"erofs\", \"squashfs\"")]
    [InlineData("[signing]", "compression = 'xz'\n[signing]", "6:15: rootfs.compression: \"xz\" is not known for erofs\nhint: known: none, lz4, lz4hc, lzma, deflate, zstd")]
    [InlineData("[signing]", "compression = 'zstd,23'\n[signing]", "6:15: rootfs.compression: \"zstd,23\" has no such level\nhint: \"zstd,level=1\" to \"zstd,level=22\"")]
    [InlineData("[signing]", "compression = 'lz4,1'\n[signing]", "6:15: rootfs.compression: \"lz4,1\" has no such level\nhint: lz4 takes no level on erofs")]
    [InlineData("packages = [\"udev\"]", "suite = 'trixie'\ntar = 'plain.txt'", "5:1: rootfs.suite: contradicts rootfs.tar in line 6\nhint: the root comes from packages or ready-made: keep one of the two")]
    [InlineData("packages = [\"udev\"]", "tar = 'plain.txt'\ntree = 'keys'", "6:1: rootfs.tree: contradicts rootfs.tar in line 5\nhint: the root comes from packages or ready-made: keep one of the two")]
    [InlineData("packages = [\"udev\"]\n", "tree = 'keys'\n[kernel]\npackage = 'linux-image-amd64'\n", "7:1: kernel.package: contradicts rootfs.tree in line 5\nhint: a ready-made root brings its own kernel")]
    [InlineData("[signing]\nkeys = \"keys\"\n", "", "1:1: signing.keys: missing\nhint: make development keys by \"initruntime keys DIR\" and set keys = \"DIR\", or set secure-boot-certificate and secure-boot-key")]
    [InlineData("keys = \"keys\"", "keys = 'nowhere'", "7:8: signing.keys: \"nowhere\" does not exist\nhint: looked for nowhere")]
    [InlineData("keys = \"keys\"", "keys = 'keys'\nsecure-boot-key = 'plain.txt'", "8:1: signing.secure-boot-key: contradicts signing.keys in line 7\nhint: keep keys, or the keys that it stands for")]
    [InlineData("keys = \"keys\"", "secure-boot-key = 'plain.txt'", "6:2: signing.secure-boot-certificate: missing\nhint: name the certificate (PEM) of the Secure Boot key")]
    [InlineData("keys = \"keys\"", "secure-boot-certificate = 'plain.txt'", "6:2: signing.secure-boot-key: missing\nhint: set secure-boot-key or secure-boot-command")]
    [InlineData("keys = \"keys\"", "secure-boot-certificate = 'plain.txt'\nsecure-boot-command = []", "8:23: signing.secure-boot-command: an empty list\nhint: name the program that signs")]
    [InlineData("keys = \"keys\"", "secure-boot-certificate = 'plain.txt'\nsecure-boot-key = 'plain.txt'\nsecure-boot-command = ['sign']", "9:1: signing.secure-boot-command: contradicts signing.secure-boot-key in line 8\nhint: a key file or a command signs: keep one")]
    public void A_changed_line_is_told_at_its_place(string line, string by, string expected, bool amongOthers = false)
    {
        Assert.Contains(line, ManifestFile.Smallest, StringComparison.Ordinal);
        string errors = ManifestFile.ErrorsOf(ManifestFile.Smallest.Replace(line, by));
        Assert.Equal($"m.toml:{expected}", amongOthers ? errors[..Math.Min(errors.Length, expected.Length + 7)] : errors);
    }

    [Fact]
    public void A_key_directory_without_its_keys_is_told()
    {
        using var file = new ManifestFile(ManifestFile.Smallest);
        System.IO.File.Delete(file["keys/db.key"]);
        string error = Assert.Single(file.Read().Errors).ToString();
        string directory = file["keys"];
        Assert.Equal($"{file.Path}:7:8: signing.keys: db.key is not in {directory}\nhint: make the keys by \"initruntime keys {directory}\"", error);
    }

    [Fact]
    public void A_command_line_longer_than_the_kernel_takes_is_told()
    {
        string word = new('x', 2047 - "panic=5 ".Length);
        Assert.Equal("", ManifestFile.ErrorsOf($"{ManifestFile.Smallest}[kernel]\ncommand-line = ['panic=5', '{word}']\n"));
        Assert.Equal(
            "m.toml:9:16: kernel.command-line: 2048 characters, the kernel takes 2047\nhint: use fewer words",
            ManifestFile.ErrorsOf($"{ManifestFile.Smallest}[kernel]\ncommand-line = ['panic=5', '{word}x']\n"));
    }

    [Fact]
    public void All_errors_are_told_at_once_in_the_order_of_the_file() => Assert.Equal(
        """
        m.toml:1:2: image.version: missing
        hint: add version = ..: digits, letters, ., +, ~ and -, beginning with a digit
        m.toml:2:8: image.name: "B" is not an image name
        hint: 1 to 64 lower-case letters, digits, dots and dashes, the first a letter or digit
        m.toml:4:1: rootfs.pakages: unknown key
        hint: did you mean packages?
        m.toml:5:13: rootfs.packages: a number, wanted a text in quotes
        m.toml:5:18: rootfs.packages: true or false, wanted a text in quotes
        m.toml:7:13: disk.root-size: "1" is not a size
        hint: a whole number and one of K, M, G, T (powers of 1024), such as "64M"
        m.toml:8:2: singing: unknown section
        hint: did you mean [signing]?
        """.Replace("m.toml:1:2", "m.toml:1:1: signing.keys: missing\nhint: make development keys by \"initruntime keys DIR\" and set keys = \"DIR\", or set secure-boot-certificate and secure-boot-key\nm.toml:1:2"),
        ManifestFile.ErrorsOf("""
            [image]
            name = "B"
            [rootfs]
            pakages = ["udev"]
            packages = [1,   true, "udev"]
            [disk]
            root-size = "1"
            [singing]
            keys = "keys"
            """));
}
