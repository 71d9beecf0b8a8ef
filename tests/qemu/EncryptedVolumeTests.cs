using System;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>The first boot makes the volumes, and every later one unlocks them without anybody's help.</summary>
public class EncryptedVolumeTests(ITestOutputHelper output)
{
    [Fact]
    public async Task The_first_boot_encrypts_and_later_boots_unlock_with_the_TPM_alone()
    {
        BuiltImage image = VolumeImages.Formatted;
        using DiskImage disk = DiskImage.Of(image);
        GuestReport first = await BootAsync(disk);
        GuestReport second = await BootAsync(disk);

        Assert.True(first.Volume("var")["first_boot"]!.GetValue<bool>());
        Assert.False(second.Volume("var")["first_boot"]!.GetValue<bool>());
        foreach (GuestReport report in new[] { first, second })
        {
            Assert.StartsWith($"/dev/mapper/var[/@images/{image.Summary.ImageUuid}] btrfs rw,nosuid,nodev", report["mounts"]!["var"]!.GetValue<string>(), StringComparison.Ordinal);
            Assert.StartsWith("/dev/vda7 ext4 rw,nosuid,nodev", report["mounts"]!["plain"]!.GetValue<string>(), StringComparison.Ordinal);
            Assert.Equal("tpm", report.Volume("var")["unlocked_by"]!.GetValue<string>());

            // What the image has in /var is on the volume.
            Assert.Equal(VolumeData.OfImage("/var/data"), report["data"]!["var"]!.GetValue<string>());
            JsonNode luks = report["luks"]!["var"]!;
            JsonNode token = Assert.Single(luks["tokens"]!.AsObject()).Value!;
            Assert.Equal("systemd-tpm2", token["type"]!.GetValue<string>());
            Assert.Equal([11], token["tpm2_pubkey_pcrs"]!.AsArray().Select(pcr => pcr!.GetValue<int>()));
            Assert.Single(luks["keyslots"]!.AsObject());
            AssertMeasured(report, image);
        }

        Assert.Equal($"{first["luks"]!["var"]}", $"{second["luks"]!["var"]}");
    }

    [Fact]
    public async Task On_a_larger_disk_the_last_volume_grows_and_the_partition_table_is_in_order()
    {
        using DiskImage disk = DiskImage.Of(VolumeImages.Formatted).Enlarge(200L << 20);

        GuestReport first = await BootAsync(disk);
        GuestReport second = await BootAsync(disk);

        long sectors = (64L + 200) * 2048 - 4096;
        foreach (GuestReport report in new[] { first, second })
        {
            string length = report["table"]!.GetValue<string>().Split(' ').Single(part => part.StartsWith("vda7=", StringComparison.Ordinal));
            Assert.InRange(long.Parse(length[5..]), sectors, (64L + 200) * 2048);
            Assert.InRange(long.Parse(report["mounts"]!["plain"]!.GetValue<string>().Split(' ')[3]), 200L << 20, 264L << 20);
        }

        string verdict = Images.Tools.Run("sgdisk", "--verify", disk.Flatten());
        Assert.Contains("No problems found", verdict, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bound_to_PCR_7_and_with_xfs_it_unlocks_for_us_and_for_systemd_and_its_recovery_key_is_handed_over_once()
    {
        using DiskImage disk = DiskImage.Of(VolumeImages.Measured);
        GuestReport first = await BootAsync(disk);
        Assert.Equal("var", first["opened"]!.GetValue<string>());
        Assert.Equal(0, first["leaks"]!.GetValue<int>());

        GuestReport second = await BootAsync(disk);

        Assert.Equal("", second["opened"]!.GetValue<string>());
        Assert.EndsWith("attached", second["attached"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(2, second["luks"]!["var"]!["keyslots"]!.AsObject().Count);

        Assert.StartsWith("/dev/mapper/var xfs rw,nosuid,nodev", second["mounts"]!["var"]!.GetValue<string>(), StringComparison.Ordinal);
        JsonNode token = second["luks"]!["var"]!["tokens"]!.AsObject().Single(token => token.Value!["type"]!.GetValue<string>() == "systemd-tpm2").Value!;
        Assert.Equal([7], token["tpm2-pcrs"]!.AsArray().Select(pcr => pcr!.GetValue<int>()));
        Assert.Null(token["tpm2_pubkey_pcrs"]);
    }

    [Fact]
    public async Task A_PIN_is_set_once_and_asked_for_at_every_boot_and_too_many_wrong_ones_lock_the_TPM()
    {
        using DiskImage disk = DiskImage.Of(VolumeImages.Pin);
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            await machine.WaitForAsync("New TPM PIN: ");
            machine.Type("pin-4711\n");
            await machine.WaitForAsync("New TPM PIN, again: ");
            machine.Type("pin-4711\n");
            Assert.True((await machine.ReportAsync()).Volume("var")["first_boot"]!.GetValue<bool>());
            Assert.DoesNotContain("pin-4711", machine.Console, StringComparison.Ordinal);
            await machine.EndAsync();
        }

        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            await machine.WaitForAsync("TPM PIN: ");
            machine.Type("pin-4712\n");
            await machine.WaitForAsync("Wrong PIN.");
            await machine.WaitForAsync("TPM PIN: ");
            machine.Type("pin-4711\n");
            Assert.Equal("tpm", (await machine.ReportAsync()).Volume("var")["unlocked_by"]!.GetValue<string>());
            await machine.EndAsync();
        }

        // The owner lets one wrong PIN lock it, for a day; there was one.
        OfflineTpm.Run(disk, "tpm2_dictionarylockout", "--setup-parameters", "--max-tries=1", "--recovery-time=86400", "--lockout-recovery-time=86400");
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            await machine.WaitForAsync("TPM PIN: ");
            machine.Type("pin-4711\n");
            Refused refused = await machine.RefusalAsync("volumes");
            Assert.Contains("lockout", refused.Reason, StringComparison.OrdinalIgnoreCase);
            await machine.WaitForAsync("1 of 1 failures; one is forgotten every 24 h");
        }
    }

    [Fact]
    public async Task A_recovery_key_is_shown_once_and_opens_the_volume_without_the_TPM()
    {
        using DiskImage disk = DiskImage.Of(VolumeImages.Asking);
        string key;
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            GuestReport report = await machine.ReportAsync();
            key = machine.Console.Split("shown this once: ")[1].Split('\n')[0].Trim();
            Assert.Matches("^([cbdefghijklnrtuv]{8}-){7}[cbdefghijklnrtuv]{8}$", key);
            Assert.Equal(
                ["systemd-recovery", "systemd-tpm2"],
                report["luks"]!["var"]!["tokens"]!.AsObject().Select(token => token.Value!["type"]!.GetValue<string>()).Order());
            await machine.EndAsync();
        }

        await using (Machine machine = await Machine.StartAsync(disk, output, options => options with { HasTpm = false }))
        {
            await machine.WaitForAsync("Passphrase or recovery key for var: ");
            Assert.Contains("not unlocked by the TPM: token 0: no TPM 2.0", machine.Console, StringComparison.Ordinal);
            machine.Type("not the key\n");
            await machine.WaitForAsync("That opens no keyslot.");
            await machine.WaitForAsync("Passphrase or recovery key for var: ");
            machine.Type(key + "\n");
            GuestReport report = await machine.ReportAsync();
            Assert.Equal("passphrase", report.Volume("var")["unlocked_by"]!.GetValue<string>());
            Assert.DoesNotContain(key, machine.Console, StringComparison.Ordinal);
        }
    }

    /// <summary>PCRs, systemd's log and /init's report say the same, and the image said before what PCR 11 would be.</summary>
    private static void AssertMeasured(GuestReport report, BuiltImage image)
    {
        string uuid = report.Volume("var")["luks_uuid"]!.GetValue<string>();
        string[] wanted = ["11 enter-initrd", $"15 cryptsetup:var:{uuid}", "11 leave-initrd"];
        Assert.Equal(wanted, report["boot"]!["measurements"]!.AsArray().Select(item => $"{item!["pcr"]} {item["text"]}"));
        Assert.Equal(
            image.Summary.Pcr11["sha256"]["enter-initrd:leave-initrd"], report["pcrs"]!["11"]!.GetValue<string>().Trim().ToLowerInvariant());
        JsonNode[] log = [.. report["log"]!.GetValue<string>().Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(wanted, log.Select(record => $"{record["pcr"]} {record["content"]!["string"]}"));
        Assert.Equal(Replay(log, pcr: 15), report["pcrs"]!["15"]!.GetValue<string>().Trim().ToLowerInvariant());
        Assert.Equal(0, report["leaks"]!.GetValue<int>());
        Assert.DoesNotContain("cryptsetup:", report["keys"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    /// <summary>What a PCR that begins with zeros becomes by the log's records.</summary>
    private static string Replay(JsonNode[] log, int pcr)
    {
        byte[] value = new byte[SHA256.HashSizeInBytes];
        foreach (JsonNode record in log.Where(record => record["pcr"]!.GetValue<int>() == pcr))
        {
            JsonNode digest = record["digests"]!.AsArray().Single(digest => digest!["hashAlg"]!.GetValue<string>() == "sha256")!;
            value = SHA256.HashData([.. value, .. Convert.FromHexString(digest["digest"]!.GetValue<string>())]);
        }

        return Convert.ToHexStringLower(value);
    }

    private async Task<GuestReport> BootAsync(DiskImage disk)
    {
        await using Machine machine = await Machine.StartAsync(disk, output);
        GuestReport report = await machine.ReportAsync();
        await machine.EndAsync();
        return report;
    }
}
