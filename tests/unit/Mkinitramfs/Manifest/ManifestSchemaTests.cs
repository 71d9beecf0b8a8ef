using System.IO;
using System.Text.Json;
using InitRuntime.Mkinitramfs.Manifest;
using Json.Schema;
using Tomlyn;
using Tomlyn.Model;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Manifest;

/// <summary>What editors do with the schema: another library judges manifests by it.</summary>
public sealed class ManifestSchemaTests
{
    private static readonly JsonSchema _schema = JsonSchema.FromText(ManifestSchema.Text());

    [Fact]
    public void The_schema_of_the_manifest_is_the_one_made_from_its_keys() => Assert.True(
        ManifestSchema.Text() == File.ReadAllText(Path.Combine(Repository.Root, "docs/manifest.schema.json")),
        "docs/manifest.schema.json differs from the keys. Make it again: ./initruntime explain --schema >docs/manifest.schema.json");

    [Fact]
    public void The_demo_and_the_smallest_manifest_are_good()
    {
        Assert.True(IsGood(File.ReadAllText(Path.Combine(Repository.Root, "examples/demo/image.toml"))));
        Assert.True(IsGood(ManifestFile.Smallest));
    }

    [Theory]
    [InlineData("[boot]\nwatchdgo = '30s'")]
    [InlineData("[boots]\nwatchdog = '30s'")]
    [InlineData("[boot]\nwatchdog = 30")]
    [InlineData("[boot]\nwatchdog = '30 seconds'")]
    [InlineData("[boot]\nloader = 'grub'")]
    [InlineData("[disk]\nroot-size = '1X'")]
    [InlineData("[kernel]\nmodules = 'nvme'")]
    [InlineData("[kernel]\nmodules = ['nvme', 'nvme']")]
    [InlineData("[volume]\nname = 'a'")]
    [InlineData("[[volume]]\nmount = '/a'")]
    [InlineData("[update]\nswupdate = 'true'")]
    public void A_mistake_that_has_a_form_is_seen(string lines) => Assert.False(IsGood($"{ManifestFile.Smallest}\n{lines}\n"));

    private static bool IsGood(string toml)
    {
        TomlTable table = TomlSerializer.Deserialize<TomlTable>(toml)!;
        using JsonDocument json = JsonDocument.Parse(JsonSerializer.Serialize(table));
        return _schema.Evaluate(json.RootElement).IsValid;
    }
}
