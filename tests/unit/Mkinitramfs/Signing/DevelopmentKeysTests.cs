using System.IO;
using System.Linq;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Signing;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Signing;

public sealed class DevelopmentKeysTests(TestKeys keys) : IClassFixture<TestKeys>
{
    private const string TwentyYearsInSeconds = "631152000";
    private const UnixFileMode PrivateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public void Every_key_is_there_and_the_private_ones_are_private()
    {
        string[] expected =
        [
            "KEK.crt", "KEK.key", "PK.crt", "PK.key", "README.txt", "db.crt", "db.key", "pcr.key", "pcr.pub", "update.aes", "update.crt", "update.key",
        ];
        string[] names =
            [.. Directory.EnumerateFiles(keys.Directory).Select(file => Path.GetFileName(file)).Order(System.StringComparer.Ordinal)];
        Assert.Equal(expected, names);
        foreach (string name in names)
        {
            Assert.Equal(name.EndsWith(".key", System.StringComparison.Ordinal) || name == "update.aes", File.GetUnixFileMode(keys[name]) == PrivateMode);
        }

        string readMe = File.ReadAllText(keys["README.txt"]);
        Assert.All(names.Where(name => name != "README.txt"), name => Assert.Contains(name, readMe));
    }

    [Fact]
    public void A_build_can_tell_that_they_are_for_development()
    {
        Assert.True(DevelopmentKeys.IsMarked(keys["db.crt"]));
        Assert.False(DevelopmentKeys.IsMarked(keys["pcr.pub"]));
        Assert.False(DevelopmentKeys.IsMarked(keys["none.crt"]));
    }

    [Theory]
    [InlineData("PK")]
    [InlineData("KEK")]
    [InlineData("db")]
    [InlineData("update")]
    public void OpenSSL_reads_each_certificate_as_a_long_lived_development_one_of_its_key(string name)
    {
        string text = Tools.Run("openssl", "x509", "-in", keys[name + ".crt"], "-noout", "-text", "-checkend", TwentyYearsInSeconds);
        Assert.Contains($"Subject: CN=InitRuntime {name} - DEVELOPMENT ONLY, do not ship", text);
        Assert.Contains("Public-Key: (2048 bit)", text);
        Assert.Contains("Certificate will not expire", text);
        Assert.Equal(
            Tools.Run("openssl", "x509", "-in", keys[name + ".crt"], "-noout", "-pubkey"),
            Tools.Run("openssl", "pkey", "-in", keys[name + ".key"], "-pubout"));
        Tools.Run("openssl", "verify", "-x509_strict", "-CAfile", keys[name + ".crt"], keys[name + ".crt"]);
    }

    [Fact]
    public void The_pcr_files_are_one_key_pair() =>
        Assert.Equal(File.ReadAllText(keys["pcr.pub"]), Tools.Run("openssl", "pkey", "-in", keys["pcr.key"], "-pubout"));

    [Fact]
    public void OpenSSL_verifies_a_message_signed_with_the_update_key()
    {
        using var work = new TemporaryDirectory();
        File.WriteAllText(work["sw-description"], "software = { version = \"1\"; }");
        Tools.Run(
            "openssl", "cms", "-sign", "-binary", "-outform", "DER", "-in", work["sw-description"], "-out", work["signature"],
            "-signer", keys["update.crt"], "-inkey", keys["update.key"]);
        Tools.Run(
            "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", work["signature"], "-content", work["sw-description"],
            "-CAfile", keys["update.crt"], "-out", work["verified"]);
        Assert.Equal(File.ReadAllText(work["sw-description"]), File.ReadAllText(work["verified"]));
    }

    [Fact]
    public void Existing_keys_are_never_overwritten()
    {
        using var work = new TemporaryDirectory();
        File.WriteAllText(work["pcr.pub"], "precious");
        var error = Assert.Throws<BuildException>(() => DevelopmentKeys.Make(work.Path));
        Assert.Contains("already has pcr.pub", error.Message);
        Assert.Equal("precious", File.ReadAllText(work["pcr.pub"]));
        Assert.Single(Directory.EnumerateFileSystemEntries(work.Path));
    }
}
