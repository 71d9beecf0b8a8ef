using System.Threading.Tasks;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

public class TheDemoTests(ITestOutputHelper output)
{
    /// <summary>What /init has done when it writes its report.</summary>
    private static readonly string[] _stages =
    [
        "early-mounts", "settings", "modules", "firmware", "devices", "system-disk", "root-partition", "loader-state", "device-mapper",
        "verity-root", "root-mount", "verity-enforce", "root-modules", "reset-requests", "tpm", "volumes", "overlay", "measure",
    ];

    [Fact]
    public async Task The_demo_boots_to_multi_user_target_from_its_verity_root()
    {
        using DiskImage disk = DiskImage.Of(Images.Demo);
        await using Machine machine = await Machine.StartAsync(disk, output);

        GuestReport report = await machine.ReportAsync();

        Assert.Equal("running", report.System);
        Assert.Empty(report.Failed);
        Assert.Matches("^/dev/dm-[0-9]+ erofs ro,", report.Root);
        Assert.Equal(disk.Image.Summary.CommandLine, report.CommandLine);
        Assert.Equal($"{disk.Image.Summary.ImageUuid}", report.Boot("image_uuid"));
        Assert.Equal("root-a", report.Boot("slot"));
        Assert.Equal("/dev/vda", report.Boot("system_disk"));
        Assert.Equal("/dev/vda4", report.Boot("root_partition"));
        Assert.Equal(_stages, report.Stages);
        Assert.Empty(report.FailedStages);
        Assert.Null(report.LastFailure);

        // No unit waited for a device that /init had set up, or in vain for another one.
        Assert.DoesNotContain("imed out", machine.Console);
        Assert.DoesNotContain("Dependency failed", machine.Console);
        Assert.DoesNotContain("Expecting device dev-dm", machine.Console);
        Assert.DoesNotContain("Expecting device dev-mapper", machine.Console);
        Assert.Contains("Reached target multi-user.target", machine.Console);
    }
}
