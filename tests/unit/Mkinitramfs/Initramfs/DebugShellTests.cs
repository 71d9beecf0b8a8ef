using System.IO;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Initramfs;
using InitRuntime.Mkinitramfs.Rootfs;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Initramfs;

public sealed class DebugShellTests
{
    // ldconfig is the one program that Debian always links statically.
    [Theory]
    [InlineData("usr/sbin/ldconfig", true)]
    [InlineData("usr/bin/zstd", false)]
    [InlineData("usr/bin/ldd", false)]
    public void Only_a_program_without_libraries_is_taken(string program, bool isStatic) =>
        Assert.Equal(isStatic, DebugShell.IsStatic(File.ReadAllBytes(Tools.Tree.HostPath(program))));

    [Fact]
    public void A_root_without_busybox_is_refused_with_the_package_to_add()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["file"], "x");
        new HostCommand("tar", "-cf", directory["root.tar"], "-C", directory.Path, "file").Run(new PlainLog(TextWriter.Null, showCommands: false));
        using TarArchive root = TarArchive.Open(directory["root.tar"]);
        BuildException error = Assert.Throws<BuildException>(() => DebugShell.Read(root));
        Assert.Equal("development.debug-shell: the root has no busybox", error.Message);
        Assert.Contains("busybox-static", error.Hint);
    }
}
