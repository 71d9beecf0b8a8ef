using System.IO;
using System.Threading.Tasks;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

public class KernelParameterTests(ITestOutputHelper output)
{
    private const string Added = "init=/bin/sh rdinit=/bin/sh root=/dev/vda5 systemd.unit=rescue.target";

    [Fact]
    public async Task Kernel_parameters_in_the_loaders_environment_change_nothing()
    {
        using DiskImage disk = DiskImage.Of(Images.Demo);
        foreach (string slot in new[] { "BOOT0", "BOOT1" })
        {
            disk.ReplaceFile(slot, BootGuardEnvironment.FileName, WithParameters(disk, slot));
        }

        await using Machine machine = await Machine.StartAsync(disk, output);
        GuestReport report = await machine.ReportAsync();

        // The loader did read them and hand them on.
        Assert.Contains($"args: {Added}", machine.Console);
        Assert.Equal(disk.Image.Summary.CommandLine, report.CommandLine);
        Assert.Equal("running", report.System);
        Assert.Empty(report.Failed);
    }

    /// <summary>The environment as the loader's own tool writes it.</summary>
    private static byte[] WithParameters(DiskImage disk, string slot)
    {
        string directory = Path.Combine(disk.Directory, slot);
        Directory.CreateDirectory(directory);
        string file = Path.Combine(directory, BootGuardEnvironment.FileName);
        File.WriteAllBytes(file, disk.ReadFile(slot, BootGuardEnvironment.FileName));
        Images.Tools.Run("bg_setenv", $"--filepath={file}", "--preserve", $"--args={Added}");
        return File.ReadAllBytes(file);
    }
}
