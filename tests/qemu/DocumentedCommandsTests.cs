using System;
using System.IO;
using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>
/// What the pages tell people to type does what they say. <see cref="SkeletonTests"/> has those of the integrator's guide,
/// <see cref="DeviceControlTests"/> and <see cref="UpdateTests"/> those of a device.
/// </summary>
public sealed class DocumentedCommandsTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("initruntime-page-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Those_of_the_README()
    {
        CopyExamples();
        string[] lines = PageShell.Block("README.md", "./initruntime new ");
        int delta = Array.FindIndex(lines, line => line.Contains(" delta out/old ", StringComparison.Ordinal));
        Assert.True(delta > 0, "the README compares no builds");
        // The build of before, which has the same content here.
        await using PageShell shell = await PageShell.StartAsync(_directory, [.. lines[..delta], "cp -r --sparse=always out/demo out/old", .. lines[delta..]], output);
        await shell.WaitForAsync("demo login:");
        await shell.SayAsync("root", "Password: ");
        await shell.SayAsync("demo", "# ");
        await shell.EndMachineAsync();
        Assert.True(File.Exists(Path.Combine(_directory, "gateway/image.toml")));
    }

    [Fact]
    public async Task Those_of_the_example_hooks()
    {
        CopyExamples();
        await using PageShell shell = await PageShell.StartAsync(_directory, PageShell.Block("examples/hooks/README.md", "initruntime keys "), output);
        await shell.WaitForAsync("hook identity: ");
        await shell.WaitForAsync("login:");
        await shell.EndMachineAsync();
    }

    /// <summary>As they are in a new clone: without what was made in this one.</summary>
    private void CopyExamples()
    {
        var quiet = new PlainLog(TextWriter.Null, showCommands: false);
        string archive = Path.Combine(_directory, "examples.tar");
        new HostCommand(
            "tar", "--create", "--file", archive, "--exclude=keys", "--exclude=out", "--exclude=bin", "--exclude=obj", "-C", Places.Repository, "examples").Run(quiet);
        new HostCommand("tar", "--extract", "--file", archive, "-C", _directory).Run(quiet);
    }
}
