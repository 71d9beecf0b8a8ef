using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using InitRuntime.Mkinitramfs.Manifest;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Manifest;

public sealed class ExplanationTests
{
    private const string Text = ManifestFile.Smallest + "[kernel]\nmodules-always = [\"i6300esb\"]\n[[overlay]]\npath = \"/srv\"\n"
        + "[[volume]]\nname = \"data\"\nmount = \"/data\"\n[[health-check]]\nname = \"web\"\ncommand = [\"/bin/true\"]\n"
        + "[[hook]]\nname = \"a\"\nat = \"root-ready\"\nroot-program = \"/bin/true\"\n";

    [Theory]
    [InlineData("version", "\"1\"", "line 3")]
    [InlineData("uuid", "(made from the content)", "default")]
    [InlineData("packages", "\"udev\"", "line 5")]
    [InlineData("modules-always", "\"i6300esb\"", "line 9")]
    [InlineData("device-timeout", "\"30s\"", "default")]
    [InlineData("root-size", "\"1G\"", "default")]
    [InlineData("path", "\"/srv\"", "line 11")]
    [InlineData("mount", "\"/data\"", "line 14")]
    [InlineData("mount-options", "\"nodev\", \"nosuid\"", "default")]
    [InlineData("grow", "true", "default")]
    [InlineData("signed-pcrs", "11", "default")]
    [InlineData("pcr-public-key", "\"keys/pcr.pub\"", "signing.keys, line 7")]
    [InlineData("secure-boot-key", "\"keys/db.key\"", "signing.keys, line 7")]
    public void Each_value_stands_with_its_origin(string key, string value, string origin)
    {
        using var file = new ManifestFile(Text);
        using var output = new StringWriter();
        Explanation.WriteText(file.Read(), output);
        string line = output.ToString().Replace(file["keys"], "keys").Split('\n').Single(line => line.StartsWith($"  {key} ", StringComparison.Ordinal));
        Assert.StartsWith(value, line[3..].TrimStart(key.ToCharArray()).TrimStart(), StringComparison.Ordinal);
        Assert.EndsWith($"  {origin}", line, StringComparison.Ordinal);
    }

    [Fact]
    public void The_columns_are_aligned_and_sections_are_headed()
    {
        using var file = new ManifestFile(Text);
        using var output = new StringWriter();
        Explanation.WriteText(file.Read(), output);
        string[] lines = output.ToString().Split('\n');
        Assert.Equal("[image]", lines[0]);
        Assert.Contains("[[overlay]]", lines);
        Assert.Single(lines.Where(line => line.EndsWith("default", StringComparison.Ordinal)).Select(line => line.LastIndexOf("default", StringComparison.Ordinal)).Distinct());
    }

    [Fact]
    public void As_json_it_holds_every_key_once()
    {
        using var file = new ManifestFile(Text);
        using var output = new StringWriter();
        Explanation.WriteJson(file.Read(), output);
        using JsonDocument document = JsonDocument.Parse(output.ToString());
        JsonElement[] all = [.. document.RootElement.EnumerateArray()];
        Assert.Equal(ManifestSections.Keys.Count(), all.Length);
        JsonElement packages = all.Single(one => one.GetProperty("key").GetString() == "packages");
        Assert.Equal("""{"section":"rootfs","key":"packages","value":["udev"],"origin":"manifest","line":5}""", JsonSerializer.Serialize(packages));
        Assert.Equal("signing.keys", all.Single(one => one.GetProperty("key").GetString() == "secure-boot-key").GetProperty("origin").GetString());
    }
}
