using System;
using System.IO;
using InitRuntime.Mkinitramfs.Cli;
using InitRuntime.Unit.Mkinitramfs.Manifest;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Cli;

public sealed class CommandLineTests
{
    [Fact]
    public void A_good_manifest_is_checked_with_exit_code_0()
    {
        using var file = new ManifestFile(ManifestFile.Smallest);
        Assert.Equal((0, $"{file.Path}: a 1 is ready to build\n", ""), Run("check", file.Path));
    }

    [Fact]
    public void What_a_product_should_not_have_is_warned_about()
    {
        using var file = new ManifestFile(ManifestFile.Smallest + "[development]\ndebug-shell = true\n");
        (int code, string output, _) = Run("check", file.Path);
        Assert.Equal(0, code);
        Assert.StartsWith("warning: development.debug-shell: ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bad_manifest_is_not_built_and_nothing_is_written()
    {
        using var file = new ManifestFile(ManifestFile.Smallest + "[disk]\nroot-size = 1\n");
        (int code, string output, string errors) = Run("build", file.Path, "-o", file["out"]);
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith($"{file.Path}:9:13: disk.root-size: ", errors, StringComparison.Ordinal);
        Assert.False(Path.Exists(file["out"]));
    }

    [Theory]
    [InlineData("check")]
    [InlineData("explain")]
    public void A_bad_manifest_ends_with_exit_code_2_and_all_its_errors(string verb)
    {
        using var file = new ManifestFile(ManifestFile.Smallest + "[disk]\nroot-size = 1\nboot-size = 2\n");
        string expected = $"""
            {file.Path}:9:13: disk.root-size: a number, wanted a size in quotes such as "64M" or "1G"
            {file.Path}:10:13: disk.boot-size: a number, wanted a size in quotes such as "64M" or "1G"
            2 errors; nothing was written

            """;
        Assert.Equal((2, "", expected), Run(verb, file.Path));
    }

    [Fact]
    public void Explain_writes_text_or_json()
    {
        using var file = new ManifestFile(ManifestFile.Smallest);
        Assert.StartsWith("[image]\n", Run("explain", file.Path).Output, StringComparison.Ordinal);
        Assert.StartsWith("[\n", Run("explain", "--json", file.Path).Output, StringComparison.Ordinal);
        Assert.StartsWith("# The manifest\n", Run("explain", "--reference").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new string[] { }, "error: ")]
    [InlineData(new[] { "bild" }, "error: ")]
    [InlineData(new[] { "check" }, "error: ")]
    [InlineData(new[] { "check", "a", "b" }, "error: ")]
    [InlineData(new[] { "check", "--fast", "a" }, "error: ")]
    [InlineData(new[] { "build", "a" }, "error: ")]
    [InlineData(new[] { "run", "--memory", "12", "d" }, "error: --memory 12 is out of range: wanted 256 to 1048576")]
    [InlineData(new[] { "run", "--memory", "lots", "d" }, "error: ")]
    [InlineData(new[] { "explain" }, "error: ")]
    [InlineData(new[] { "explain", "--reference", "a" }, "error: --reference takes no MANIFEST")]
    public void Wrong_usage_ends_with_exit_code_2_and_a_hint(string[] arguments, string message)
    {
        (int code, string output, string errors) = Run(arguments);
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith(message, errors, StringComparison.Ordinal);
        Assert.Contains("hint: ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_ends_with_exit_code_1_and_a_hint()
    {
        using var file = new ManifestFile(ManifestFile.Smallest);
        (int code, string output, string errors) = Run("keys", file["keys"]);
        Assert.Equal((1, ""), (code, output));
        Assert.Equal($"error: {file["keys"]}: already has db.key, db.crt, pcr.key, pcr.pub\nhint: keys are never overwritten: name another directory\n", errors);
    }

    [Fact]
    public void A_directory_that_no_build_made_cannot_be_run()
    {
        (int code, _, string errors) = Run("run", "--plain", "/nowhere");
        Assert.Equal(1, code);
        Assert.StartsWith("error: /nowhere/", errors, StringComparison.Ordinal);
        Assert.Contains("\nhint: ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_makes_what_the_manifest_wants()
    {
        using var file = new ManifestFile(ManifestFile.Smallest.Replace("\"keys\"", "\"fresh\""));
        Assert.Equal(2, Run("check", file.Path).Code);
        Assert.Equal(0, Run("keys", file["fresh"]).Code);
        Assert.Equal(0, Run("check", file.Path).Code);
    }

    [Theory]
    [InlineData("--help", "Exit codes: 0 done, 1 failed, 2 wrong usage or manifest.")]
    [InlineData("--version", ".")]
    public void Help_and_version_end_with_exit_code_0(string option, string part)
    {
        (int code, string output, string errors) = Run(option);
        Assert.Equal((0, ""), (code, errors));
        Assert.Contains(part, output, StringComparison.Ordinal);
    }

    private static (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        int code = CommandLine.Run(arguments, output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
