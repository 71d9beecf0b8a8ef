using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Run;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>Each way in which an encrypted volume is not what it was ends in a reboot that says why; what is harmless is mended.</summary>
public class RefusedVolumeTests(PreparedMachine prepared, ITestOutputHelper output) : IClassFixture<PreparedMachine>
{
    private const int HeaderCopyLength = 16 << 10;

    [Fact]
    public async Task Another_TPM_does_not_unlock()
    {
        using DiskImage disk = DiskImage.LikeMachineOf(prepared.Disk).ReplaceTpm();

        Refused refused = await RefusedAsync(disk);

        Assert.StartsWith("volume var is not unlocked: token 0: the TPM has no storage root key at 0x81000001", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cleared_TPM_does_not_unlock()
    {
        using DiskImage disk = DiskImage.LikeMachineOf(prepared.Disk);
        OfflineTpm.Run(disk, "tpm2_clear", "--auth-hierarchy", "p");

        Refused refused = await RefusedAsync(disk);

        Assert.StartsWith("volume var is not unlocked: token 0: the TPM has no storage root key at 0x81000001", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_TPM_it_is_not_unlocked()
    {
        using DiskImage disk = DiskImage.LikeMachineOf(prepared.Disk);

        Refused refused = await RefusedAsync(disk, options => options with { HasTpm = false });

        Assert.StartsWith("volume var is not unlocked: token 0: no TPM 2.0", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_first_boot_without_a_TPM_encrypts_nothing()
    {
        using DiskImage disk = DiskImage.Of(VolumeImages.Formatted);

        Refused refused = await RefusedAsync(disk, options => options with { HasTpm = false });

        Assert.StartsWith("a key cannot be sealed: no TPM 2.0", refused.Reason, StringComparison.Ordinal);
        byte[] start = new byte[1 << 20];
        using FileStream flat = File.OpenRead(disk.Flatten());
        flat.Position = disk.OffsetOf("var");
        flat.ReadExactly(start);
        Assert.Equal(new byte[1 << 20], start);
    }

    [Fact]
    public async Task A_boot_that_must_be_measured_fails_without_a_TPM()
    {
        using DiskImage disk = DiskImage.Of(VolumeImages.Measured);

        Refused refused = await RefusedAsync(disk, options => options with { HasTpm = false }, stage: "tpm");

        Assert.StartsWith("this boot is not measured, and tpm.measure is \"required\": ", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_state_of_PCR_11_that_nobody_signed_does_not_unlock()
    {
        BuiltImage image = prepared.Disk.Image;
        byte[] uki = Resealed.WithText(image, "\"image_name\": \"demo\"", "\"image_name\": \"demi\"", signedPhase: "enter-initrd:leave-initrd");
        using DiskImage disk = DiskImage.LikeMachineOf(prepared.Disk);
        string file = Path.Combine(disk.Directory, "other.efi");
        File.WriteAllBytes(file, uki);
        disk.ReplaceFileAsGuestLeftIt("BOOT0", Artefacts.Uki, file);

        Refused refused = await RefusedAsync(disk);

        Assert.StartsWith(
            "volume var is not unlocked: token 0: PCR 11 is in none of the 1 states that are signed for this image: found 11=",
            refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plain_file_system_in_the_place_of_an_encrypted_one_is_not_mounted()
    {
        using DiskImage disk = DiskImage.LikeMachineOf(prepared.Disk);
        string fake = Path.Combine(disk.Directory, "fake.img");
        using (FileStream file = File.Create(fake))
        {
            file.SetLength(disk.LengthOf("var"));
        }

        Images.Tools.Run("mkfs.btrfs", "--quiet", "--label", "var", fake);
        disk.WriteAsGuestLeftIt("var", 0, fake);

        Refused refused = await RefusedAsync(disk);

        Assert.Equal("volume var is to be encrypted, and holds a plain btrfs: it is not mounted", refused.Reason);
        Assert.Equal("/dev/vda6 (slot root-a)", refused.Device);
    }

    [Fact]
    public async Task With_one_damaged_copy_of_the_header_it_unlocks_and_the_copy_is_mended()
    {
        using DiskImage disk = DiskImage.LikeMachineOf(prepared.Disk).FillAsGuestLeftIt("var", 0, 4096, 0xa5);
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            GuestReport report = await machine.ReportAsync();
            await machine.EndAsync();
            Assert.Equal("tpm", report.Volume("var")["unlocked_by"]!.GetValue<string>());
            Assert.Contains("one copy of its encryption header is written anew", machine.Console, StringComparison.Ordinal);
        }

        byte[] copies = new byte[2 * HeaderCopyLength];
        using FileStream flat = File.OpenRead(disk.Flatten());
        flat.Position = disk.OffsetOf("var");
        flat.ReadExactly(copies);
        Assert.Equal("LUKS"u8, copies.AsSpan(0, 4));
        Assert.Equal("SKUL"u8, copies.AsSpan(HeaderCopyLength, 4));
        Assert.Equal(
            Encoding.ASCII.GetString(copies, 4096, HeaderCopyLength - 4096).TrimEnd('\0'),
            Encoding.ASCII.GetString(copies, HeaderCopyLength + 4096, HeaderCopyLength - 4096).TrimEnd('\0'));
    }

    [Fact]
    public async Task With_both_copies_of_the_header_damaged_nothing_is_formatted()
    {
        // The magic stays; the checksums do not fit.
        using DiskImage disk = DiskImage.LikeMachineOf(prepared.Disk)
            .FillAsGuestLeftIt("var", 4096, 100, 0xa5).FillAsGuestLeftIt("var", HeaderCopyLength + 4096, 100, 0xa5);

        Refused refused = await RefusedAsync(disk);

        Assert.StartsWith("the encryption header of var is damaged: first copy: ", refused.Reason, StringComparison.Ordinal);
        Assert.Contains("; second copy: ", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_the_TPM_does_not_know_is_named()
    {
        using DiskImage disk = DiskImage.LikeMachineOf(prepared.Disk);
        EditHeader(disk, header =>
        {
            string token = Images.Tools.Run("cryptsetup", "token", "export", "--token-id", "0", header);
            int blob = token.IndexOf("\"tpm2-blob\":", StringComparison.Ordinal) + 60;
            Images.Tools.Run("cryptsetup", "token", "remove", "--token-id", "0", header);
            ImportToken(disk, header, 0, token[..blob] + (token[blob] == 'A' ? 'B' : 'A') + token[(blob + 1)..]);
        });

        Refused refused = await RefusedAsync(disk);

        Assert.StartsWith("volume var is not unlocked: token 0: sealed object: TPM2_Load: ", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_of_other_programs_with_many_members_do_no_harm()
    {
        using DiskImage disk = DiskImage.LikeMachineOf(prepared.Disk);
        string members = string.Join(',', Enumerable.Range(0, 100).Select(i => $"\"member{i}\":[{{\"deep\":{i}}},null,true,-1.5e3]"));
        EditHeader(disk, header => ImportToken(disk, header, 7, $$"""{"type":"somebody-elses","keyslots":[],{{members}}}"""));
        await using Machine machine = await Machine.StartAsync(disk, output);

        GuestReport report = await machine.ReportAsync();

        Assert.Equal("tpm", report.Volume("var")["unlocked_by"]!.GetValue<string>());
        Assert.Equal("somebody-elses", report["luks"]!["var"]!["tokens"]!["7"]!["type"]!.GetValue<string>());
    }

    /// <summary>Lets Debian's own cryptsetup change the header that the guest left.</summary>
    private static void EditHeader(DiskImage disk, Action<string> edit)
    {
        string header = Path.Combine(disk.Directory, "header.img");
        using (FileStream source = File.OpenRead(disk.Flatten()))
        using (FileStream target = File.Create(header))
        {
            byte[] bytes = new byte[16 << 20];
            source.Position = disk.OffsetOf("var");
            source.ReadExactly(bytes);
            target.Write(bytes);
        }

        edit(header);
        disk.WriteAsGuestLeftIt("var", 0, header);
    }

    private static void ImportToken(DiskImage disk, string header, int number, string json)
    {
        string file = Path.Combine(disk.Directory, "token.json");
        File.WriteAllText(file, json);
        Images.Tools.Run("cryptsetup", "token", "import", "--token-id", $"{number}", "--json-file", file, header);
    }

    private async Task<Refused> RefusedAsync(DiskImage disk, Func<MachineOptions, MachineOptions>? change = null, string stage = "volumes")
    {
        await using Machine machine = await Machine.StartAsync(disk, output, change ?? (options => options));
        Refused refused = await machine.RefusalAsync(stage);
        Assert.StartsWith("reboot", refused.Next, StringComparison.Ordinal);
        return refused;
    }
}
