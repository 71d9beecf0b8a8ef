using System;
using InitRuntime.Formats;
using InitRuntime.Formats.Efi;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Efi;

public sealed class EfiBootOptionTests
{
    // Boot0001 "UEFI Misc Device" as OVMF 2025.02 writes it for a virtio disk: PciRoot(0x0)/Pci(0x3,0x0), then its own marker.
    private static readonly byte[] _option = Convert.FromHexString(
        "01000000" + "1600" + "5500450046004900200044000000"
        + "02010C00D041030A00000000" + "010106000003" + "7FFF0400" + "4EAC0881119F594D850EE21A522C59B2");

    [Fact]
    public void It_names_the_steps_on_PCI()
    {
        Assert.True(EfiBootOption.TryParse(_option, out EfiBootOption? option, out ParseError error), error.ToString());
        Assert.Equal([new PciStep(3, 0)], option.PciPath);
    }

    [Theory]
    [InlineData("/sys/devices/pci0000:00/0000:00:03.0/virtio1/block/vda", true)]
    [InlineData("/sys/devices/pci0000:00/0000:00:04.0/virtio2/block/vdb", false)]
    [InlineData("/sys/devices/pci0000:00/0000:00:03.0/0000:01:00.0/nvme/nvme0/nvme0n1", false)]
    [InlineData("/sys/devices/platform/sdhci/mmc_host/mmc0/mmc0:0001/block/mmcblk0", false)]
    public void It_tells_which_disk_was_booted(string sysfsPath, bool booted)
    {
        Assert.True(EfiBootOption.TryParse(_option, out EfiBootOption? option, out _));
        Assert.Equal(booted, option.Contains(sysfsPath));
    }

    [Fact]
    public void Hostile_bytes_are_answered() =>
        Hostile.EveryPrefixAndEveryDamagedByte(_option, bytes => EfiBootOption.TryParse(bytes, out _, out _));
}
