using System;
using System.IO;
using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Cli;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>What a stranger does first: three commands in an empty directory.</summary>
public sealed class SkeletonTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("initruntime-skeleton-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_new_directory_builds_and_boots_as_it_is()
    {
        string gateway = Path.Combine(_directory, "gateway");
        Run("new", gateway);
        Run("check", Path.Combine(gateway, "image.toml"));
        Run("build", Path.Combine(gateway, "image.toml"), "-o", Path.Combine(gateway, "out"), "--plain");

        using DiskImage disk = DiskImage.Of(new BuiltImage(Path.Combine(gateway, "out"), Path.Combine(gateway, "keys")));
        await using Machine machine = await Machine.StartAsync(disk, output);
        await machine.WaitForAsync("hook hello: hello from image 0.1.0 in root-a");
        await machine.WaitForAsync("gateway login:");
        await SayAsync(machine, "root", "Password: ");
        await SayAsync(machine, "hello", "# ");
        // Words of the kernel come between those that are waited for.
        await SayAsync(machine, "dmesg -n 1; echo qui''et", "quiet");
        await SayAsync(machine, "initruntime-ctl status", "gateway 0.1.0");
        await SayAsync(machine, "echo it is $(systemctl is-system-running --wait)", "it is running");
    }

    private static async Task SayAsync(Machine machine, string line, string answer)
    {
        machine.Type(line + "\n");
        await machine.WaitForAsync(answer);
    }

    private void Run(params string[] arguments)
    {
        using var said = new StringWriter();
        int code = CommandLine.Run(arguments, said, said);
        output.WriteLine($"initruntime {string.Join(' ', arguments)}\n{said}");
        Assert.Equal(0, code);
    }
}
