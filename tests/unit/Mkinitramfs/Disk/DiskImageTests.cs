using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using InitRuntime.Formats.Gpt;
using InitRuntime.Mkinitramfs.Disk;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.Mkinitramfs.Build;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Disk;

public sealed class DiskImageTests
{
    private static readonly IBuildLog _log = new PlainLog(TextWriter.Null, showCommands: false);

    [Fact]
    public void The_real_tools_find_every_part_of_the_disk()
    {
        using var directory = new TemporaryDirectory();
        GptTable table = Write(directory, "disk.img", Manifests.Small() with { Volumes = [Manifests.Volume("var", "/var")] });
        Assert.Contains("No problems found", Tools.Run("sgdisk", "-v", directory["disk.img"]), StringComparison.Ordinal);
        Assert.Equal(["efi", "BOOT0", "BOOT1", "root-a", "root-b", "var"], table.Partitions.Select(partition => partition.Label));
        foreach (Partition partition in table.Partitions)
        {
            Assert.Contains($"'{partition.Label}'", Tools.Run("sgdisk", "-i", $"{partition.Number}", directory["disk.img"]), StringComparison.Ordinal);
        }

        Assert.Equal("loader", Cat(directory, Part(directory, table, "efi"), "EFI/BOOT/BOOTX64.EFI"));
        string boot0 = Part(directory, table, "BOOT0");
        string boot1 = Part(directory, table, "BOOT1");
        Assert.Equal("the uki", Cat(directory, boot0, "linux.efi"));
        Assert.Equal(Encoding.Unicode.GetBytes("BOOT0"), Bytes(directory, boot0, "EFILABEL"));
        Assert.Equal(Encoding.Unicode.GetBytes("BOOT1"), Bytes(directory, boot1, "EFILABEL"));
        Assert.DoesNotContain("linux", Tools.Run("mdir", "-b", "-i", boot1, "::"), StringComparison.Ordinal);
        Assert.StartsWith("the root", Encoding.ASCII.GetString(File.ReadAllBytes(Part(directory, table, "root-a"))), StringComparison.Ordinal);
        Assert.False(File.ReadAllBytes(Part(directory, table, "root-b")).AsSpan().ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void With_systemd_boot_the_kernel_is_an_entry_of_the_one_partition_of_the_loader()
    {
        using var directory = new TemporaryDirectory();
        ImageManifest manifest = Manifests.Small();
        manifest = manifest with { Boot = manifest.Boot with { Loader = "systemd-boot" } };
        GptTable table = Write(directory, "disk.img", manifest);
        Assert.Equal(["efi", "root-a", "root-b"], table.Partitions.Select(partition => partition.Label));
        string efi = Part(directory, table, "efi");
        Assert.Equal("loader", Cat(directory, efi, "EFI/BOOT/BOOTX64.EFI"));
        Assert.Equal("the uki", Cat(directory, efi, "EFI/Linux/initruntime-1-root-a.efi"));
        Assert.Contains("timeout 0\n", Cat(directory, efi, "loader/loader.conf"), StringComparison.Ordinal);

        DiskContent content = Content(directory);
        using (FileStream uki = File.Create(content.Uki))
        {
            uki.SetLength(2 << 20);
        }

        BuildException error = Assert.Throws<BuildException>(() => DiskImage.Write(directory["d"], manifest, content, directory.Path, Tools.Tree, _log));
        Assert.Contains("has no room for 3 kernels", error.Message, StringComparison.Ordinal);
        Assert.Contains("disk.efi-size", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Volumes_follow_the_root_slots_in_their_order_marked_as_new_and_typed_by_what_they_hold()
    {
        using var directory = new TemporaryDirectory();
        ImageManifest manifest = Manifests.Small() with
        {
            Volumes = [Manifests.Volume("data", "/data", 32), Manifests.Volume("var", "/var", 20), Manifests.Volume("home", "/home")],
        };
        GptTable table = Write(directory, "disk.img", manifest);
        using JsonDocument json = JsonDocument.Parse(Tools.Run("sfdisk", "--json", directory["disk.img"]));
        string[] seen = [.. json.RootElement.GetProperty("partitiontable").GetProperty("partitions").EnumerateArray().Skip(5).Select(partition =>
            $"{partition.GetProperty("name")} {partition.GetProperty("type")} {partition.GetProperty("size")} {partition.GetProperty("attrs")}")];
        Assert.Equal(
            [
                "data 0FC63DAF-8483-4772-8E79-3D69D8477DE4 65536 GUID:56,63",
                "var 4D21B016-B534-45C2-A9FB-5C16E091FD2D 40960 GUID:56,63",
                "home 933AC7E1-2EB4-4F13-B844-0E14E2AEF915 32768 GUID:56,63",
            ],
            seen);
        Assert.Contains("8100000000000000", Tools.Run("sgdisk", "-i", "6", directory["disk.img"]), StringComparison.Ordinal);
        Assert.All(table.Partitions.Take(5), partition => Assert.False(partition.Attributes.HasFlag(PartitionAttributes.NewVolume)));
    }

    [Fact]
    public void Without_volumes_the_root_slots_are_the_last_partitions() =>
        Assert.Equal(["efi", "BOOT0", "BOOT1", "root-a", "root-b"], DiskLayout.Table(Manifests.Small()).Partitions.Select(partition => partition.Label));

    [Fact]
    public void EFI_Boot_Guard_boots_slot_A_first_and_both_environments_are_valid()
    {
        using var directory = new TemporaryDirectory();
        GptTable table = Write(directory, "disk.img", Manifests.Small());
        foreach ((string label, int revision) in ((string, int)[])[("BOOT0", 2), ("BOOT1", 1)])
        {
            Bytes(directory, Part(directory, table, label), "BGENV.DAT");
            string printed = Tools.Run("bg_printenv", "-f", directory["file"], "-r");
            Assert.Contains($"REVISION={revision}\n", printed, StringComparison.Ordinal);
            Assert.Contains($"KERNEL=C:{label}:linux.efi\n", printed, StringComparison.Ordinal);
            Assert.Contains("USTATE=0", printed, StringComparison.Ordinal);
            Assert.Contains("WATCHDOG_TIMEOUT=60\n", printed, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Each_FAT_volume_satisfies_fsck()
    {
        using var directory = new TemporaryDirectory();
        GptTable table = Write(directory, "disk.img", Manifests.Small());
        foreach (string label in (string[])["efi", "BOOT0", "BOOT1"])
        {
            Tools.Run("fsck.fat", "-n", "-v", Part(directory, table, label));
        }
    }

    [Fact]
    public void The_same_inputs_give_the_same_bytes_in_little_space()
    {
        using var directory = new TemporaryDirectory();
        Write(directory, "1.img", Manifests.Small());
        Write(directory, "2.img", Manifests.Small());
        Tools.Run("cmp", directory["1.img"], directory["2.img"]);
        Assert.True(long.Parse(Tools.Run("stat", "-c", "%b", directory["1.img"])) * 512 < 4 << 20, "the image is not sparse");
    }

    [Fact]
    public void PARTUUIDs_stay_from_version_to_version_and_differ_from_image_to_image()
    {
        ImageManifest first = Manifests.Small() with { Volumes = [Manifests.Volume("var", "/var")] };
        ImageManifest next = first with { Image = first.Image with { Version = "2.0" } };
        ImageManifest other = first with { Image = first.Image with { Name = "other" } };
        Guid[] Ids(ImageManifest manifest) => [.. DiskLayout.Table(manifest).Partitions.Select(partition => partition.Id)];
        Assert.Equal(Ids(first), Ids(next));
        Assert.Empty(Ids(first).Intersect(Ids(other)));
        Assert.Equal(6, Ids(first).Distinct().Count());
    }

    [Fact]
    public void What_outgrows_its_slot_is_refused_by_name_with_the_key_to_raise()
    {
        using var directory = new TemporaryDirectory();
        ImageManifest manifest = Manifests.Small();
        DiskContent content = Content(directory);
        File.WriteAllBytes(content.Uki, new byte[9 << 20]);
        BuildException error = Assert.Throws<BuildException>(() => DiskImage.Write(directory["d"], manifest, content, directory.Path, Tools.Tree, _log));
        Assert.Contains("linux.efi (9437184 bytes) does not fit into the BOOT0 partition", error.Message, StringComparison.Ordinal);
        Assert.Contains("disk.boot-size", error.Hint, StringComparison.Ordinal);

        content = Content(directory);
        using (FileStream root = File.Create(content.Root))
        {
            root.SetLength(manifest.Disk.RootSize + 4096);
        }

        error = Assert.Throws<BuildException>(() => DiskImage.Write(directory["d"], manifest, content, directory.Path, Tools.Tree, _log));
        Assert.Contains("rootfs.img (16781312 bytes) is larger than its slot (16777216 bytes)", error.Message, StringComparison.Ordinal);
        Assert.Contains("disk.root-size", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_fills_its_volume_to_the_last_cluster_still_fits()
    {
        using var directory = new TemporaryDirectory();
        string image = directory["v.fat"];
        File.WriteAllBytes(directory["f"], []);
        FatImage.Write(image, 8 << 20, "TEST", 1, [], "disk.boot-size", Tools.Tree, _log);
        long free = long.Parse(new string([.. Tools.Run("mdir", "-i", image, "::").Split('\n').Single(line => line.Contains("bytes free", StringComparison.Ordinal)).Where(char.IsAsciiDigit)]));
        File.WriteAllBytes(directory["f"], new byte[free]);
        FatImage.Write(image, 8 << 20, "TEST", 1, [new("full.bin", directory["f"])], "disk.boot-size", Tools.Tree, _log);
        File.WriteAllBytes(directory["f"], new byte[free + 1]);
        Assert.Throws<BuildException>(() => FatImage.Write(image, 8 << 20, "TEST", 1, [new("full.bin", directory["f"])], "disk.boot-size", Tools.Tree, _log));
    }

    private static DiskContent Content(TemporaryDirectory directory)
    {
        File.WriteAllText(directory["loader"], "loader");
        File.WriteAllText(directory["uki"], "the uki");
        File.WriteAllText(directory["rootfs"], "the root");
        return new DiskContent(directory["loader"], directory["uki"], directory["rootfs"]);
    }

    private static GptTable Write(TemporaryDirectory directory, string name, ImageManifest manifest) =>
        DiskImage.Write(directory[name], manifest, Content(directory), directory.Path, Tools.Tree, _log);

    private static string Part(TemporaryDirectory directory, GptTable table, string label)
    {
        Partition partition = table.FindLabel(label)!;
        string part = directory[$"{label}.part"];
        Tools.Run("dd", $"if={directory["disk.img"]}", $"of={part}", "bs=512", $"skip={partition.FirstSector}", $"count={partition.Sectors}", "status=none");
        return part;
    }

    private static byte[] Bytes(TemporaryDirectory directory, string volume, string path)
    {
        Tools.Run("mcopy", "-n", "-o", "-i", volume, $"::{path}", directory["file"]);
        return File.ReadAllBytes(directory["file"]);
    }

    private static string Cat(TemporaryDirectory directory, string volume, string path) => Encoding.ASCII.GetString(Bytes(directory, volume, path));
}
