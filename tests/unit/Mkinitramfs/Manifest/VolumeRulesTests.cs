using System.IO;
using System.Linq;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Manifest;

/// <summary>The rules of volumes, of what their keys are bound to, and of the key that signs PCR policies: each gives exactly its message.</summary>
public sealed class VolumeRulesTests
{
    /// <summary>Lines behind the smallest manifest and the begin of a volume, whose header is in line 8; they begin in line 11.</summary>
    [Theory]
    [InlineData("size = '8M'", "11:8: volume.size: \"8M\" is out of range\nhint: wanted: from 16M to 16T")]
    [InlineData("size = '127M'", "11:8: volume.size: \"127M\" is too small for encrypted btrfs\nhint: use at least \"128M\"")]
    [InlineData("size = '64M'\nencrypt = 'none'", "11:8: volume.size: \"64M\" is too small for btrfs\nhint: use at least \"128M\"")]
    [InlineData("size = '63M'\nfile-system = 'ext4'", "11:8: volume.size: \"63M\" is too small for encrypted ext4\nhint: use at least \"64M\"")]
    [InlineData("size = '315M'\nfile-system = 'xfs'", "11:8: volume.size: \"315M\" is too small for encrypted xfs\nhint: use at least \"316M\"")]
    [InlineData("size = '299M'\nfile-system = 'xfs'\nencrypt = 'none'", "11:8: volume.size: \"299M\" is too small for xfs\nhint: use at least \"300M\"")]
    [InlineData("file-system = 'zfs'", "11:15: volume.file-system: \"zfs\" is not known\nhint: use \"xfs\"")]
    [InlineData("mount-options = ['nodev,noexec']", "11:18: volume.mount-options: \"nodev,noexec\" is not one mount option\nhint: give each option its own item, such as \"noexec\"; no commas, spaces or letters beyond ASCII")]
    [InlineData("mount-options = ['no exec', '']", "11:18: volume.mount-options: \"no exec\" is not one mount option\nhint: give each option its own item, such as \"noexec\"; no commas, spaces or letters beyond ASCII\nm.toml:11:29: volume.mount-options: \"\" is not one mount option\nhint: give each option its own item, such as \"noexec\"; no commas, spaces or letters beyond ASCII")]
    [InlineData("encrypt = 'yes'", "11:11: volume.encrypt: \"yes\" is not known\nhint: known: \"format\", \"reencrypt\", \"format-if-empty\", \"none\"")]
    [InlineData("encrypt = 'reencrypt'\nfile-system = 'xfs'", "11:11: volume.encrypt: \"reencrypt\" encrypts in place, and xfs cannot be made smaller for the header\nhint: use encrypt = \"format\", or file-system = \"btrfs\" or \"ext4\"")]
    [InlineData("encrypt = 'format-if-empty'\nfile-system = 'xfs'", "11:11: volume.encrypt: \"format-if-empty\" encrypts in place, and xfs cannot be made smaller for the header\nhint: use encrypt = \"format\", or file-system = \"btrfs\" or \"ext4\"")]
    [InlineData("encrypt = 'none'\non-unlock-failure = 'ask'", "12:1: volume.on-unlock-failure: the volume is not encrypted, by encrypt = \"none\" in line 11\nhint: remove on-unlock-failure, or encrypt the volume")]
    [InlineData("encrypt = 'none'\nrecovery-key = 'escrow'", "12:1: volume.recovery-key: the volume is not encrypted, by encrypt = \"none\" in line 11\nhint: remove recovery-key, or encrypt the volume")]
    [InlineData("encrypt = 'none'\nescrow-program = '/e'", "12:1: volume.escrow-program: the volume is not encrypted, by encrypt = \"none\" in line 11\nhint: remove escrow-program, or encrypt the volume")]
    [InlineData("recovery-key = 'escrow'", "11:16: volume.recovery-key: nothing takes the key\nhint: set escrow-program to a program of the image")]
    [InlineData("escrow-program = '/e'", "11:1: volume.escrow-program: there is no recovery key for it\nhint: set recovery-key = \"escrow\", or remove escrow-program")]
    [InlineData("recovery-key = 'show'\nescrow-program = '/e'", "12:1: volume.escrow-program: there is no recovery key for it\nhint: set recovery-key = \"escrow\", or remove escrow-program")]
    [InlineData("recovery-key = 'escrow'\nescrow-program = 'e'", "12:18: volume.escrow-program: \"e\" is not a plain absolute path\nhint: it begins with / and has no empty, \".\" or \"..\" part")]
    [InlineData("grow = true\n[[volume]]\nname = 'w'\nmount = '/w'", "11:8: volume.grow: only the last volume can grow\nhint: move this volume to the end, or remove grow")]
    [InlineData("[[volume]]\nname = 'v'\nmount = '/w'", "12:8: volume.name: \"v\" is another volume's name already, in line 9\nhint: give each volume its own name")]
    [InlineData("[[volume]]\nname = 'w'\nmount = '/srv/v'", "13:9: volume.mount: \"/srv/v\" has a volume already, in line 10\nhint: remove one of the two")]
    [InlineData("[[volume]]\nname = 'w'\nmount = '/srv'", "13:9: volume.mount: \"/srv\" would hide the volume of \"/srv/v\", in line 10\nhint: put the outer directory first")]
    [InlineData("[[overlay]]\npath = '/srv/v'", "12:8: overlay.path: \"/srv/v\" has a volume, in line 10\nhint: it can be written without an overlay: remove one of the two")]
    [InlineData("[[overlay]]\npath = '/srv'", "12:8: overlay.path: \"/srv\" would hide the volume of \"/srv/v\", in line 10: overlays are mounted after volumes\nhint: mount the volume at \"/srv\" and leave the overlay out, or make overlays of single directories in \"/srv\"")]
    [InlineData("[tpm]\nsigned-pcrs = [24]", "12:16: tpm.signed-pcrs: 24 is out of range\nhint: wanted: 0 to 23")]
    [InlineData("[tpm]\npcrs = [7, -1]", "12:12: tpm.pcrs: -1 is out of range\nhint: wanted: 0 to 23")]
    [InlineData("[tpm]\npcrs = [7, 7]", "12:12: tpm.pcrs: 7 stands twice in the list\nhint: remove one")]
    [InlineData("[tpm]\nsigned-pcrs = [11, 12]", "12:15: tpm.signed-pcrs: the build signs PCR 11 only\nhint: use [11] or [], and name other PCRs in pcrs")]
    [InlineData("[tpm]\npcrs = [7, 11]", "12:8: tpm.pcrs: 11 is in signed-pcrs too, by default\nhint: remove it from one of the two")]
    [InlineData("[tpm]\nsigned-pcrs = [11]\npcrs = [11]", "13:8: tpm.pcrs: 11 is in signed-pcrs too\nhint: remove it from one of the two")]
    [InlineData("[tpm]\nsigned-pcrs = []", "12:15: tpm.signed-pcrs: the keys of encrypted volumes would be bound to nothing\nhint: remove this line, or set pcrs or pin")]
    [InlineData("[tpm]\nmeasure = 'always'", "12:11: tpm.measure: \"always\" is not known\nhint: known: \"best-effort\", \"required\"")]
    [InlineData("snapshots = 'zfs'", "11:13: volume.snapshots: \"zfs\" is not known\nhint: known: \"shared\", \"btrfs\", \"dm-snapshot\"")]
    [InlineData("file-system = 'ext4'\nsnapshots = 'btrfs'", "12:13: volume.snapshots: \"btrfs\" does not work on ext4\nhint: use \"dm-snapshot\" or \"shared\"")]
    [InlineData("snapshots = 'dm-snapshot'", "11:13: volume.snapshots: \"dm-snapshot\" does not work on btrfs\nhint: use \"btrfs\" or \"shared\"")]
    [InlineData("snapshots = 'btrfs'\nsnapshot-size = '64M'", "12:1: volume.snapshot-size: only with snapshots = \"dm-snapshot\"; it is \"btrfs\"\nhint: remove snapshot-size")]
    [InlineData("minimum-free = '64M'", "11:1: volume.minimum-free: only with snapshots = \"btrfs\"; it is \"shared\"\nhint: remove minimum-free")]
    [InlineData("shared-paths = ['/srv/v/log']", "11:1: volume.shared-paths: all of the volume is shared, by snapshots = \"shared\"\nhint: remove shared-paths, or pair the volume with its image")]
    [InlineData("snapshots = 'btrfs'\nshared-paths = ['/srv/w']", "12:16: volume.shared-paths: \"/srv/w\" does not lie below \"/srv/v\"\nhint: name directories of this volume")]
    [InlineData("snapshots = 'btrfs'\nshared-paths = ['/srv/v/a', '/srv/v/a/b']", "12:16: volume.shared-paths: \"/srv/v/a/b\" lies within \"/srv/v/a\"\nhint: name only one of the two")]
    [InlineData("snapshots = 'btrfs'\nshared-paths = ['/srv/v/a']\nimage-paths = ['/srv/v/a']", "13:15: volume.image-paths: \"/srv/v/a\" is in shared-paths too\nhint: it belongs to the image or is shared by all: remove it from one of the two")]
    [InlineData("file-system = 'ext4'\nsnapshots = 'dm-snapshot'\nshared-paths = ['/srv/v/a']", "13:1: volume.shared-paths: with snapshots = \"dm-snapshot\" another volume has to hold them\nhint: set shared-on to a volume with snapshots = \"shared\"")]
    [InlineData("file-system = 'ext4'\nsnapshots = 'dm-snapshot'\nshared-paths = ['/srv/v/a']\nshared-on = 'w'", "14:13: volume.shared-on: \"w\" is no volume before this one with snapshots = \"shared\"\nhint: name such a volume, and put it first")]
    [InlineData("file-system = 'ext4'\nsnapshots = 'dm-snapshot'\nsize = '100M'\nsnapshot-size = '64M'", "13:8: volume.size: \"100M\" is too small with a snapshot-size of 64M\nhint: use at least \"130M\"")]
    [InlineData("[[overlay]]\npath = '/etc'\nupper = 'image'", "13:9: overlay.upper: no volume keeps the changes\nhint: set volume to the name of a [[volume]]")]
    [InlineData("[[overlay]]\npath = '/etc'\nupper = 'image'\nvolume = 'v'", "14:10: overlay.volume: a volume with snapshots = \"shared\" cannot keep upper = \"image\"\nhint: \"image\" wants a volume of \"btrfs\" or \"dm-snapshot\"")]
    [InlineData("[[overlay]]\npath = '/etc'\nupper = 'shared'\nvolume = 'w'", "14:10: overlay.volume: no volume is called \"w\"\nhint: name one of [[volume]]")]
    [InlineData("[[overlay]]\npath = '/etc'\nvolume = 'v'", "13:1: overlay.volume: nothing is kept there, by upper = \"tmpfs\"\nhint: set upper to \"image\" or \"shared\", or remove volume")]
    [InlineData("[factory-reset]\nloader-variable = 'a b'", "12:19: factory-reset.loader-variable: \"a b\" is not a variable's name\nhint: 1 to 64 letters, digits, underscores, dots and dashes")]
    public void A_mistake_in_a_volume_is_told_at_its_place(string lines, string expected) => Assert.Equal(
        $"m.toml:{expected}", ManifestFile.ErrorsOf($"{ManifestFile.Smallest}[[volume]]\nname = 'v'\nmount = '/srv/v'\n{lines}\n"));

    [Theory]
    [InlineData("[[volume]]\nmount = '/v'", "8:3: volume.name: missing\nhint: add name = ..: lower-case letters, digits and -")]
    [InlineData("[[volume]]\nname = 'v'", "8:3: volume.mount: missing\nhint: add mount = ..: an absolute path in the image")]
    [InlineData("[volume]\nname = 'v'", "8:2: volume: a table, wanted a section\nhint: begin it with [[volume]]")]
    [InlineData("[tpm]\ngrow = true", "9:1: tpm.grow: unknown key\nhint: grow belongs into [[volume]]")]
    [InlineData("[[volume]]\nname = 'Data'\nmount = '/v'", "9:8: volume.name: \"Data\" is not a volume name\nhint: 1 to 36 lower-case letters, digits and dashes, the first a letter")]
    [InlineData("[[volume]]\nname = 'root-b'\nmount = '/v'", "9:8: volume.name: \"root-b\" is taken by the image itself\nhint: choose another name than efi, root, root-a, root-b, disk")]
    [InlineData("[[volume]]\nname = 'v'\nmount = 'v'", "10:9: volume.mount: \"v\" is not a plain absolute path\nhint: it begins with / and has no empty, \".\" or \"..\" part")]
    [InlineData("[[volume]]\nname = 'v'\nmount = '/'", "10:9: volume.mount: \"/\" is not a plain absolute path\nhint: it begins with / and has no empty, \".\" or \"..\" part")]
    [InlineData("[[volume]]\nname = 'v'\nmount = '/run/v'", "10:9: volume.mount: \"/run/v\" belongs to the kernel's own file systems\nhint: choose another directory, such as \"/var\" or \"/data\"")]
    [InlineData("[[volume]]\nname = 'v'\nmount = '/etc'", "10:9: volume.mount: \"/etc\" belongs to the verified root\nhint: an [[overlay]] of /etc makes it writable")]
    [InlineData("[[volume]]\nname = 'v'\nmount = '/usr/local'", "10:9: volume.mount: \"/usr/local\" belongs to the verified root\nhint: choose another directory, such as \"/var\" or \"/data\"")]
    [InlineData("[[volume]]\nname = 'v'\nmount = '/boot'", "10:9: volume.mount: \"/boot\" belongs to the verified root\nhint: choose another directory, such as \"/var\" or \"/data\"")]
    [InlineData("[[volume]]\nname = 'v'\nmount = '/var/lib/v'", "10:9: volume.mount: \"/var/lib/v\" would be hidden: /var is in memory by default, and overlays are mounted after volumes\nhint: mount the volume at \"/var\", or name the directories that can be written, by [[overlay]]")]
    public void A_volume_that_cannot_be_is_told_at_its_place(string lines, string expected) =>
        Assert.Equal($"m.toml:{expected}", ManifestFile.ErrorsOf(ManifestFile.Smallest + lines + "\n"));

    private const string OwnKeys = "secure-boot-certificate = 'plain.txt'\nsecure-boot-key = 'plain.txt'";
    private const string EncryptedVolume = "\n[[volume]]\nname = 'v'\nmount = '/v'\n";

    /// <summary>What stands in place of <c>keys</c> in line 7, behind Secure Boot's two lines.</summary>
    [Theory]
    [InlineData("", "")]
    [InlineData("pcr-public-key = 'plain.txt'\npcr-key = 'plain.txt'" + EncryptedVolume, "")]
    [InlineData("pcr-public-key = 'plain.txt'\npcr-command = ['sign']" + EncryptedVolume, "")]
    [InlineData("[tpm]\nsigned-pcrs = []\npcrs = [7]" + EncryptedVolume, "")]
    [InlineData("[tpm]\nsigned-pcrs = []\npin = true" + EncryptedVolume, "")]
    [InlineData(EncryptedVolume + "encrypt = 'none'", "")]
    [InlineData(EncryptedVolume, "6:2: signing.pcr-key: missing\nhint: the keys of encrypted volumes are bound to tpm.signed-pcrs: set pcr-public-key, and pcr-key or pcr-command")]
    [InlineData("pcr-key = 'plain.txt'", "9:1: signing.pcr-key: set without pcr-public-key\nhint: set both or neither: the UKI carries the public key")]
    [InlineData("pcr-command = ['sign']", "9:1: signing.pcr-command: set without pcr-public-key\nhint: set both or neither: the UKI carries the public key")]
    [InlineData("pcr-public-key = 'plain.txt'", "9:1: signing.pcr-public-key: set without pcr-key\nhint: set pcr-key or pcr-command too")]
    [InlineData("pcr-public-key = 'plain.txt'\npcr-key = 'plain.txt'\npcr-command = ['sign']", "11:1: signing.pcr-command: contradicts signing.pcr-key in line 10\nhint: a key file or a command signs: keep one")]
    [InlineData("pcr-public-key = 'plain.txt'\npcr-command = []", "10:15: signing.pcr-command: an empty list\nhint: name the program that signs")]
    public void The_key_of_PCR_policies_is_whole_and_there_if_a_volume_needs_it(string lines, string expected) => Assert.Equal(
        expected.Length == 0 ? "" : $"m.toml:{expected}",
        ManifestFile.ErrorsOf(ManifestFile.Smallest.Replace("keys = \"keys\"", $"{OwnKeys}\n{lines}")));

    [Fact]
    public void A_key_directory_stands_for_the_PCR_key_too() => Assert.Equal(
        "m.toml:8:1: signing.pcr-key: contradicts signing.keys in line 7\nhint: keep keys, or the keys that it stands for",
        ManifestFile.ErrorsOf(ManifestFile.Smallest + "pcr-key = 'plain.txt'\n"));

    [Fact]
    public void More_volumes_than_init_takes_are_told()
    {
        string volumes = string.Concat(Enumerable.Range(0, 33).Select(i => $"[[volume]]\nname = 'v{i}'\nmount = '/v{i}'\n"));
        Assert.Equal("m.toml:8:3: volume: 33 volumes, at most 32\nhint: use fewer and larger ones", ManifestFile.ErrorsOf(ManifestFile.Smallest + volumes));
        string options = string.Join(", ", Enumerable.Range(0, 300).Select(i => $"'o{i}'"));
        Assert.Equal(
            "m.toml:11:17: volume.mount-options: too many options for one mount\nhint: use fewer words",
            ManifestFile.ErrorsOf($"{ManifestFile.Smallest}[[volume]]\nname = 'v'\nmount = '/v'\nmount-options = [{options}]\n"));
    }

    [Theory]
    [InlineData("btrfs", "mkfs.btrfs", "--quiet")]
    [InlineData("ext4", "mkfs.ext4", "-q")]
    [InlineData("xfs", "mkfs.xfs", "-q")]
    public void Mkfs_takes_the_smallest_volumes_behind_the_header_too(string fileSystem, string program, string quiet)
    {
        using var directory = new TemporaryDirectory();
        foreach (bool encrypted in (bool[])[false, true])
        {
            long length = VolumeSectionRules.SmallestSize(fileSystem, encrypted) - (encrypted ? 16 << 20 : 0);
            using (FileStream image = File.Create(directory["image"]))
            {
                image.SetLength(length);
            }

            Tools.Run(program, quiet, directory["image"]);
        }
    }

    [Fact]
    public void A_key_that_is_shown_is_warned_about() => Assert.Equal(
        ["volume.recovery-key: the first boot shows the key of v on the console, to whoever can read it there"],
        ManifestWarnings.Of(ManifestFile.Good($"{ManifestFile.Smallest}[[volume]]\nname = 'v'\nmount = '/v'\nrecovery-key = 'show'\n")));
}
