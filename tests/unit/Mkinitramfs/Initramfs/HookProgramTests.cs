using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Initramfs;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Rootfs;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Initramfs;

/// <summary>What goes into the initramfs with a program: the loader of the tree's own C library judges whether that is all.</summary>
public sealed class HookProgramTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("usr/bin/stat")]
    [InlineData("usr/bin/zstd")]
    [InlineData("usr/bin/swtpm")]
    [InlineData("usr/sbin/ldconfig")]
    public void It_brings_the_libraries_that_the_loader_lists(string program)
    {
        using TarArchive root = Root("usr/lib/x86_64-linux-gnu", "usr/lib64");
        IReadOnlyList<HookProgram> files = HookProgram.ReadAll([Hook(Tools.Tree.HostPath(program))], root);
        // Of a static program ldd says with its exit code that it is none.
        (int _, byte[] said, string _) = Tools.Tree.Command("ldd", $"/{program}").TryRun(new PlainLog(TextWriter.Null, showCommands: false));
        string listed = System.Text.Encoding.UTF8.GetString(said);
        Assert.Equal(
            listed.Split('\n').Where(line => line.Contains(".so", StringComparison.Ordinal) && !line.Contains("linux-vdso", StringComparison.Ordinal)).Select(line => Path.GetFileName(line.Trim().Split(' ')[0])).Order(StringComparer.Ordinal),
            files.Select(file => Path.GetFileName(file.Path)).Where(name => name.Contains(".so", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Contains(files, file => file.Path == "usr/lib/initruntime/hooks/test");
    }

    [Fact]
    public void What_the_root_does_not_have_is_named()
    {
        using TarArchive root = Root("usr/share/doc");
        BuildException error = Assert.Throws<BuildException>(() => HookProgram.ReadAll([Hook(Tools.Tree.HostPath("usr/bin/stat"))], root));
        Assert.EndsWith("needs /lib64/ld-linux-x86-64.so.2, which the root does not have", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_script_is_refused()
    {
        File.WriteAllText(_directory["script"], "#!/bin/sh\n");
        using TarArchive root = Root("usr/share/doc");
        BuildException error = Assert.Throws<BuildException>(() => HookProgram.ReadAll([Hook(_directory["script"])], root));
        Assert.Equal($"hook test: {_directory["script"]} is not a program for x86-64, and the initramfs has no shell", error.Message);
        Assert.Contains("root-program", error.Hint, StringComparison.Ordinal);
    }

    /// <summary>An archive of parts of the tools tree.</summary>
    private TarArchive Root(params string[] parts)
    {
        // With the directories above them, as every root has them.
        new HostCommand("tar", ["-cf", _directory["root.tar"], "-C", Tools.Tree.HostPath(""), "--no-recursion", "lib64", "usr", "usr/lib", "--recursion", .. parts])
            .Run(new PlainLog(TextWriter.Null, showCommands: false));
        return TarArchive.Open(_directory["root.tar"]);
    }

    private static HookSection Hook(string source) => new(
        new()
        {
            Name = "test",
            Kind = HookKind.Program,
            Program = "/usr/lib/initruntime/hooks/test",
            Point = HookPoint.BeforeDevices,
            TimeoutSeconds = 30,
            OnFailure = HookFailure.Fallback,
        },
        source,
        "image.toml",
        1);
}
