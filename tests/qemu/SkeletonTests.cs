using System;
using System.IO;
using System.Threading.Tasks;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>What a stranger does first, in an empty directory, as the integrator's guide says.</summary>
public sealed class SkeletonTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("initruntime-skeleton-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_new_directory_builds_and_boots_as_it_is()
    {
        string[] lines = PageShell.Block("docs/integrating.md", "initruntime new ");
        Assert.Equal("cd gateway", lines[1]);
        await using PageShell shell = await PageShell.StartAsync(_directory, [.. lines[..2], "initruntime check image.toml", .. lines[2..]], output);
        await shell.WaitForAsync("hook hello: hello from image 0.1.0 in root-a");
        await shell.WaitForAsync("gateway login:");
        await shell.SayAsync("root", "Password: ");
        await shell.SayAsync("hello", "# ");
        // Words of the kernel come between those that are waited for.
        await shell.SayAsync("dmesg -n 1; echo qui''et", "quiet");
        await shell.SayAsync("initruntime-ctl status", "gateway 0.1.0");
        await shell.SayAsync("echo it is $(systemctl is-system-running --wait)", "it is running");
        await shell.EndMachineAsync();
    }
}
