using System.IO;
using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>Nothing starts that the keys in the firmware have not signed.</summary>
public class UnsignedProgramTests(ITestOutputHelper output)
{
    private const string BootLoaderPath = "EFI/BOOT/BOOTX64.EFI";
    private const string BootLoaderInTree = "usr/lib/x86_64-linux-gnu/efibootguard/efibootguardx64.efi";
    private const string RefusedByBootGuard = "ERROR: Cannot load specified kernel image (Access Denied)";

    [Fact]
    public async Task An_unsigned_uki_is_not_started()
    {
        using DiskImage disk = DiskImage.Of(Images.Demo).ReplaceFile("BOOT0", Artefacts.Uki, Resealed.Unsigned(Images.Demo));

        Assert.Contains(RefusedByBootGuard, await RefusalAsync(disk));
    }

    [Fact]
    public async Task A_uki_with_one_changed_byte_is_not_started()
    {
        byte[] uki = File.ReadAllBytes(Images.Demo[Artefacts.Uki]);
        uki[uki.Length / 2] ^= 1;
        using DiskImage disk = DiskImage.Of(Images.Demo).ReplaceFile("BOOT0", Artefacts.Uki, uki);

        Assert.Contains(RefusedByBootGuard, await RefusalAsync(disk));
    }

    [Fact]
    public async Task An_unsigned_boot_loader_is_not_started()
    {
        byte[] unsigned = await File.ReadAllBytesAsync(Images.Tools.HostPath(BootLoaderInTree));
        using DiskImage disk = DiskImage.Of(Images.Demo).ReplaceFile("efi", BootLoaderPath, unsigned);

        string refusal = await RefusalAsync(disk);

        Assert.Contains("BdsDxe: failed to load Boot0001", refusal);
        Assert.DoesNotContain("EFI Boot Guard", refusal);
    }

    private async Task<string> RefusalAsync(DiskImage disk)
    {
        await using Machine machine = await Machine.StartAsync(disk, output);
        string reason = Assert.IsType<NotStarted>(await machine.VerdictAsync()).Reason;
        Assert.DoesNotContain("Linux version", machine.Console);
        return reason;
    }
}
