using System.IO;
using System.Linq;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Manifest;

public sealed class CompressionTests
{
    [Fact]
    public void Mkfs_erofs_takes_each_compressor_from_its_first_to_its_last_level_and_not_beyond()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["empty"]);
        bool Takes(string compression) => Tools.Tree.Command("mkfs.erofs", "--quiet", $"-z{compression}", directory["image"], directory["empty"])
            .TryRun(new PlainLog(TextWriter.Null, showCommands: false)).ExitCode == 0;

        foreach ((string name, int least, int most) in Compression.Of("erofs").Where(one => one.Name != "none"))
        {
            Assert.True(Takes(name), name);
            if (most >= least)
            {
                Assert.True(Takes($"{name},level={least}") && Takes($"{name},{most}"), name);
                Assert.False(Takes($"{name},level={most + 1}"), name);
            }
        }
    }

    [Fact]
    public void Sqfstar_takes_each_compressor_from_its_first_to_its_last_level_and_not_beyond()
    {
        using var directory = new TemporaryDirectory();
        byte[] emptyTar = new byte[10240];
        bool Takes(params string[] options)
        {
            File.Delete(directory["image"]);
            HostCommand command = Tools.Tree.Command("sqfstar", ["-quiet", "-no-progress", .. options, directory["image"]]) with { Input = emptyTar };
            return command.TryRun(new PlainLog(TextWriter.Null, showCommands: false)).ExitCode == 0;
        }

        foreach ((string name, int least, int most) in Compression.Of("squashfs").Where(one => one.Name is not ("none" or "lz4hc")))
        {
            Assert.True(Takes("-comp", name), name);
            if (most >= least)
            {
                Assert.True(Takes("-comp", name, "-Xcompression-level", $"{least}") && Takes("-comp", name, "-Xcompression-level", $"{most}"), name);
                Assert.False(Takes("-comp", name, "-Xcompression-level", $"{most + 1}"), name);
            }
        }
    }
}
