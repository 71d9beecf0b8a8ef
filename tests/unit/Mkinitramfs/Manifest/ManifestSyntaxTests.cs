using System;
using System.IO;
using System.Linq;
using System.Text;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Manifest;

public sealed class ManifestSyntaxTests
{
    [Theory]
    [InlineData("a = [1,\n b\n", "2:2", "not valid TOML: Unexpected token `b`")]
    [InlineData("s = \"abc\nd=1\n", "1:9", "not valid TOML: Invalid newline in a string")]
    [InlineData("a = 1\na = 2\n", "2:1", "not valid TOML: The key `a` is already defined")]
    [InlineData("[a]\nx=1\n[a]\ny=2\n", "3:1", "not valid TOML: The key `a` is already defined")]
    [InlineData("x = \"\\q\"\n", "1:7", "not valid TOML: Unexpected escape character [q]")]
    public void Broken_syntax_is_told_at_its_place(string text, string place, string what) =>
        Assert.StartsWith($"m.toml:{place}: {what}", ManifestFile.ErrorsOf(text), StringComparison.Ordinal);

    [Fact]
    public void Two_broken_lines_are_two_errors() =>
        Assert.Equal(2, ManifestFile.ErrorsOf("x = tru\nname = \"a\"\ny = 1 2\n").Split('\n').Length);

    [Fact]
    public void Sections_may_be_dotted_keys_or_inline_tables()
    {
        ImageManifest manifest = ManifestFile.Good("""
            image = { name = "a", version = "1" }
            rootfs.packages = ["udev"]
            signing.keys = "keys"
            overlay = [{ path = "/etc" }, { path = "/opt" }]
            kernel."module-options".i6300esb = "nowayout=1"
            """);
        Assert.Equal("a", manifest.Image.Name);
        Assert.Equal(["/etc", "/opt"], manifest.Overlays.Select(overlay => overlay.Path));
        Assert.Equal("nowayout=1", manifest.Kernel.ModuleOptions["i6300esb"]);
    }

    [Theory]
    [InlineData("a = ", "[", "")]
    [InlineData("a = ", "{b=", "")]
    [InlineData("", "a.", "a = 1")]
    [InlineData("[", "a.", "a]")]
    public void Depth_without_end_is_an_error_and_no_crash(string start, string repeated, string end)
    {
        string errors = ManifestFile.ErrorsOf(start + string.Concat(Enumerable.Repeat(repeated, 50_000)) + end);
        Assert.StartsWith("m.toml:1:", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_text_is_told_and_never_thrown()
    {
        using var file = new ManifestFile("");
        string text = ManifestFile.Smallest + """
            [kernel]
            command-line = ["panic=5", "console=ttyS0"]
            module-options = { nvme = "a=1" }
            [[overlay]]
            path = "/etc"
            [disk]
            root-size = "256M"
            [[volume]]
            name = "var"
            mount = "/var"
            size = "128M"
            mount-options = ["nodev"]
            [tpm]
            pcrs = [7]

            """;
        Hostile.EveryPrefixAndEveryDamagedByte(Encoding.UTF8.GetBytes(text), bytes =>
        {
            File.WriteAllBytes(file.Path, bytes);
            ManifestReading reading = file.Read();
            Assert.Equal(reading.Manifest is null, reading.Errors.Count > 0);
            return reading.Manifest is not null;
        });
    }

    [Fact]
    public void What_is_no_text_file_is_told()
    {
        using var file = new ManifestFile("");
        File.WriteAllBytes(file.Path, [(byte)'a', 0xff]);
        Assert.Equal($"{file.Path}: not UTF-8 at byte 1\nhint: save the file as UTF-8", Assert.Single(file.Read().Errors).ToString());
        File.WriteAllBytes(file.Path, new byte[(1 << 20) + 1]);
        Assert.Equal($"{file.Path}: longer than 1048576 bytes\nhint: is it a manifest?", Assert.Single(file.Read().Errors).ToString());
        Assert.Equal(
            "/nowhere/m.toml: does not exist\nhint: initruntime new makes one to begin with",
            Assert.Single(ManifestReader.Read("/nowhere/m.toml").Errors).ToString());
        Assert.EndsWith(
            "hint: name the manifest, not its directory",
            Assert.Single(ManifestReader.Read(file["keys"]).Errors).ToString(), StringComparison.Ordinal);
        Assert.Single(ManifestReader.Read("").Errors);
    }
}
