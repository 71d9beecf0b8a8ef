using System;
using System.IO;
using InitRuntime.Mkinitramfs.Manifest;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Manifest;

public sealed class ManifestReferenceTests
{
    [Fact]
    public void The_manual_of_the_manifest_is_the_one_made_from_its_keys() => Assert.True(
        ManifestReference.Text() == File.ReadAllText(Path.Combine(Repository.Root, "docs/manifest.md")),
        "docs/manifest.md differs from the keys. Make it again: ./initruntime explain --reference >docs/manifest.md");

    [Fact]
    public void The_smallest_manifest_of_the_manual_is_good()
    {
        string page = ManifestReference.Text();
        int start = page.IndexOf("```toml\n", StringComparison.Ordinal) + "```toml\n".Length;
        ManifestFile.Good(page[start..page.IndexOf("```", start, StringComparison.Ordinal)]);
    }
}
