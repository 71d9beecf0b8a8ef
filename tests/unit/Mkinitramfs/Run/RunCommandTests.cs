using System.IO;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Run;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Run;

/// <summary>What <c>initruntime run</c> says before there is a machine.</summary>
public class RunCommandTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_missing_disk_is_named_also_where_nothing_ever_ran(bool fresh)
    {
        using var directory = new TemporaryDirectory();
        string build = directory["out"];
        Directory.CreateDirectory(Path.Combine(build, "secure-boot"));
        BuildException error = Assert.Throws<BuildException>(() => RunCommand.Run(
            build, new RunOptions { Fresh = fresh }, Tools.Tree, TextWriter.Null, new PlainLog(TextWriter.Null, showCommands: false)));
        Assert.Equal($"{build}/disk.img does not exist", error.Message);
    }
}
