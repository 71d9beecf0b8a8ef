using System.IO;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Build;

public sealed class SkeletonTests : System.IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Its_manifest_is_good_and_no_word_is_left_open(bool compiledHook)
    {
        foreach (string file in Skeleton.Make(_directory["gateway"], compiledHook))
        {
            if (!file.EndsWith('/'))
            {
                Assert.DoesNotMatch("@[A-Z]+@", File.ReadAllText(Path.Combine(_directory["gateway"], file)));
            }
        }

        ManifestReading reading = ManifestReader.Read(_directory["gateway/image.toml"]);
        Assert.Empty(reading.Errors);
        Assert.Equal(("gateway", "0.1.0"), (reading.Manifest!.Image.Name, reading.Manifest.Image.Version));
        Assert.Single(reading.Manifest.Hooks);
        Assert.Contains("login", reading.Manifest.Rootfs.Packages);
        Assert.True(File.GetUnixFileMode(_directory["gateway/setup.sh"]).HasFlag(UnixFileMode.UserExecute));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory["gateway/keys/db.key"]));
    }

    [Fact]
    public void What_is_there_is_never_overwritten()
    {
        Directory.CreateDirectory(_directory["gateway"]);
        File.WriteAllText(_directory["gateway/mine"], "");
        Assert.Contains("is not an empty directory", Assert.Throws<BuildException>(() => Skeleton.Make(_directory["gateway"], false)).Message);
        Assert.Equal(["mine"], System.Linq.Enumerable.Select(Directory.GetFileSystemEntries(_directory["gateway"]), Path.GetFileName));
    }

    [Theory]
    [InlineData("Gate way")]
    [InlineData("-gateway")]
    [InlineData("GATEWAY")]
    public void A_name_that_no_image_can_have_is_refused(string name)
    {
        Assert.Contains("cannot be an image's name", Assert.Throws<BuildException>(() => Skeleton.Make(_directory[name], false)).Message);
        Assert.False(Path.Exists(_directory[name]));
    }
}
