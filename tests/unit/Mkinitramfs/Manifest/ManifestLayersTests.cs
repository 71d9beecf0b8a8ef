using System;
using System.IO;
using System.Linq;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Signing;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Manifest;

/// <summary>Manifests that extend others, and variables.</summary>
public sealed class ManifestLayersTests
{
    private const string Base = """
        [image]
        name = "base"
        version = "1"
        [rootfs]
        packages = ["udev", "dbus"]
        exclude = ["/usr/share/doc/*"]
        [signing]
        keys = "../keys"
        [[volume]]
        name = "var"
        mount = "/var"
        size = "200M"
        """;

    [Fact]
    public void What_it_sets_wins_and_the_rest_is_taken_over()
    {
        ImageManifest manifest = Good("""
            extends = "family/base.toml"
            [image]
            name = "child"
            [rootfs]
            packages = ["kmod", "...", "login"]
            exclude = []
            [[volume]]
            name = "home"
            mount = "/home"
            size = "128M"
            [[volume]]
            name = "var"
            size = "300M"
            """);
        Assert.Equal(("child", "1"), (manifest.Image.Name, manifest.Image.Version));
        Assert.Equal(["kmod", "udev", "dbus", "login"], manifest.Rootfs.Packages);
        Assert.Empty(manifest.Rootfs.Exclude);
        Assert.Equal(["var /var 314572800", "home /home 134217728"], manifest.Volumes.Select(volume => $"{volume.Settings.Name} {volume.Settings.MountPoint} {volume.Size}"));
    }

    [Fact]
    public void Several_are_laid_over_each_other_in_their_order_and_paths_are_relative_to_their_own_manifest()
    {
        using var file = new ManifestFile("extends = [\"family/base.toml\", \"family/other.toml\"]\n");
        Write(file, "family/base.toml", Base);
        Write(file, "family/other.toml", "[image]\nversion = \"2\"\n[rootfs]\nfiles = [\"inner\"]\n");
        Directory.CreateDirectory(file["family/inner"]);
        ImageManifest manifest = file.Read().Manifest!;
        Assert.Equal(("base", "2"), (manifest.Image.Name, manifest.Image.Version));
        Assert.Equal([file["family/inner"]], manifest.Rootfs.Files);
        Assert.Equal(file["keys"], manifest.Signing.EnrolDirectory);
    }

    [Theory]
    [InlineData("extends = \"nowhere.toml\"", "m.toml:1:11: extends: nowhere.toml does not exist\nhint: initruntime new makes one to begin with")]
    [InlineData("extends = \"profile:arm\"", "m.toml:1:11: extends: there is no profile \"profile:arm\"\nhint: known: profile:amd64, profile:qemu-amd64")]
    [InlineData("extends = 5", "m.toml:1:11: extends: a number, wanted a manifest\nhint: name a file, or one of profile:amd64, profile:qemu-amd64")]
    [InlineData("extends = \"m.toml\"", "m.toml:1:11: extends: m.toml extends itself\nhint: take it out")]
    [InlineData("extends = \"family/base.toml\"\n[rootfs]\nfiles = [\"...\"]", "m.toml:3:10: \"...\" stands for the list of an extended manifest, and there is none\nhint: remove it")]
    [InlineData("extends = \"family/wrong.toml\"", "family/wrong.toml:2:8: boot.init: \"x\" is not a plain absolute path\nhint: it begins with / and has no empty, \".\" or \"..\" part")]
    [InlineData("extends = \"family/base.toml\"\n[image]\nname = \"${X}\"", "m.toml:3:8: there is no variable \"X\"\nhint: declare it: [variables] X = .., or write $${ for a plain ${")]
    [InlineData("extends = \"family/base.toml\"\n[variables]\nX = { environment = \"INITRUNTIME_TEST_NOT_SET\" }\n[image]\nname = \"${X}\"", "m.toml:3:1: variables.X: the environment has no INITRUNTIME_TEST_NOT_SET\nhint: set INITRUNTIME_TEST_NOT_SET, or add a default")]
    [InlineData("extends = \"family/base.toml\"\n[variables]\nX = { environment = \"A\", fallback = \"b\" }", "m.toml:3:5: variables.X: is not a variable\nhint: a text, or { environment = \"NAME\", default = \"TEXT\" }, the default if there is one")]
    [InlineData("extends = \"family/base.toml\"\n[variables]\n1X = \"a\"", "m.toml:3:1: variables.1X: is not a name\nhint: letters, digits and _, the first a letter")]
    public void A_mistake_is_told_at_its_place(string text, string message)
    {
        using var file = new ManifestFile(text + "\n");
        Write(file, "family/base.toml", Base);
        Write(file, "family/wrong.toml", "[boot]\ninit = \"x\"\n" + Base);
        string directory = Path.GetDirectoryName(file.Path)! + "/";
        Assert.Equal(message, string.Join('\n', file.Read().Errors).Replace(directory, ""));
    }

    [Fact]
    public void Variables_come_from_the_environment_only_where_declared()
    {
        Environment.SetEnvironmentVariable("INITRUNTIME_TEST_VERSION", "2.5");
        using var file = new ManifestFile("""
            extends = "family/base.toml"
            [variables]
            VERSION = { environment = "INITRUNTIME_TEST_VERSION", default = "0.1" }
            SUFFIX = { environment = "INITRUNTIME_TEST_NOT_SET", default = "rc" }
            PRODUCT = "gateway"
            [image]
            name = "${PRODUCT}-x"
            version = "${VERSION}~${SUFFIX}"
            [kernel]
            command-line = ["panic=5", "test=$${VERSION}$"]
            """);
        Write(file, "family/base.toml", Base);
        ManifestReading reading = file.Read();
        Assert.Empty(reading.Errors);
        Assert.Equal(("gateway-x", "2.5~rc"), (reading.Manifest!.Image.Name, reading.Manifest.Image.Version));
        Assert.Equal(["panic=5", "test=${VERSION}$"], reading.Manifest.Kernel.CommandLine);

        string OriginOf(string section, string key) => EffectiveValue.All(reading).First(value => value.Section == section && value.Key == key).Origin;
        Assert.Equal("line 8, $INITRUNTIME_TEST_VERSION", OriginOf("image", "version"));
        Assert.Equal("line 7", OriginOf("image", "name"));
        Assert.Equal($"line 5 of {file["family/base.toml"]}", OriginOf("rootfs", "packages"));
        Assert.Equal("default", OriginOf("boot", "init"));
    }

    [Fact]
    public void Every_profile_needs_a_name_a_version_and_keys_and_no_more()
    {
        Assert.Equal(["profile:amd64", "profile:qemu-amd64"], BoardProfiles.Names);
        foreach (string profile in BoardProfiles.Names)
        {
            using var file = new ManifestFile($"extends = \"{profile}\"\n[image]\nname = \"a\"\nversion = \"1\"\n[signing]\nkeys = \"all\"\n");
            DevelopmentKeys.Make(file["all"]);
            Assert.Empty(file.Read().Errors);
        }
    }

    private static ImageManifest Good(string text)
    {
        using var file = new ManifestFile(text);
        Write(file, "family/base.toml", Base);
        ManifestReading reading = file.Read();
        return reading.Manifest ?? throw new InvalidOperationException(string.Join('\n', reading.Errors));
    }

    private static void Write(ManifestFile file, string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file[name])!);
        File.WriteAllText(file[name], text);
    }
}
