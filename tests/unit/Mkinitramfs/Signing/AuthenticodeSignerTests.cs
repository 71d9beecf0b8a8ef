using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Formats.Pe;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Signing;
using InitRuntime.Unit.Formats.Pe;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Signing;

public sealed class AuthenticodeSignerTests(TestKeys keys) : IClassFixture<TestKeys>, IDisposable
{
    private static readonly PlainLog _log = new(TextWriter.Null, showCommands: false);

    private readonly TemporaryDirectory _work = new();

    public static TheoryData<string> RealPrograms => PeImageTests.RealPrograms;

    public void Dispose() => _work.Dispose();

    [Theory]
    [MemberData(nameof(RealPrograms))]
    public void Sbverify_accepts_what_we_sign_and_refuses_another_certificate(string program)
    {
        string signed = Sign(program, "signed.efi");
        Assert.True(keys.Sbverify(signed));
        Assert.False(keys.Sbverify(signed, "KEK.crt"));
        Assert.Equal(EfiFiles.Checksum(File.ReadAllBytes(signed)), EfiFiles.Parse(File.ReadAllBytes(signed)).CheckSum);
        Assert.Contains("CN=InitRuntime db - DEVELOPMENT ONLY", Tools.Run("sbverify", "--list", signed));
    }

    [Fact]
    public void Sbverify_refuses_one_changed_byte()
    {
        byte[] good = File.ReadAllBytes(Sign(EfiFiles.EfiBootGuard, "signed.efi"));
        PeImage image = EfiFiles.Parse(good);
        long[] offsets =
            [4, image.CertificateDirectoryOffset + 8, image.SizeOfHeaders, image.CertificateTable.Offset - 1, good.Length - 40];
        foreach (long offset in offsets)
        {
            byte[] changed = [.. good];
            changed[offset] ^= 1;
            File.WriteAllBytes(_work["changed.efi"], changed);
            Assert.False(keys.Sbverify(_work["changed.efi"]), $"byte {offset} is not protected");
        }
    }

    [Fact]
    public void The_same_image_and_key_give_the_same_bytes() =>
        Assert.Equal(File.ReadAllBytes(Sign(EfiFiles.Stub, "a.efi")), File.ReadAllBytes(Sign(EfiFiles.Stub, "b.efi")));

    [Fact]
    public void Signing_again_replaces_the_signature_or_keeps_both()
    {
        string first = Sign(EfiFiles.EfiBootGuard, "first.efi");
        using AuthenticodeSigner other = keys.Signer("KEK");
        other.SignFile(first, _work["replaced.efi"]);
        other.SignFile(first, _work["both.efi"], ExistingSignatures.Keep);

        Assert.False(keys.Sbverify(_work["replaced.efi"]));
        Assert.True(keys.Sbverify(_work["replaced.efi"], "KEK.crt"));
        Assert.True(keys.Sbverify(_work["both.efi"]));
        Assert.True(keys.Sbverify(_work["both.efi"], "KEK.crt"));
        Assert.DoesNotContain("signature 2", Tools.Run("sbverify", "--list", _work["replaced.efi"]));
        string list = Tools.Run("sbverify", "--list", _work["both.efi"]);
        int ours = list.IndexOf("CN=InitRuntime db", StringComparison.Ordinal);
        Assert.InRange(ours, 0, list.IndexOf("CN=InitRuntime KEK", StringComparison.Ordinal));
        Assert.Contains("signature 2", list);

        keys.Signer().SignFile(_work["replaced.efi"], _work["again.efi"]);
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(_work["again.efi"]));
    }

    [Fact]
    public void A_signature_by_sbsign_can_be_kept()
    {
        File.WriteAllBytes(_work["sbsign.efi"], keys.Sbsign(EfiFiles.EfiBootGuard));
        using AuthenticodeSigner other = keys.Signer("KEK");
        other.SignFile(_work["sbsign.efi"], _work["both.efi"], ExistingSignatures.Keep);
        Assert.True(keys.Sbverify(_work["both.efi"]));
        Assert.True(keys.Sbverify(_work["both.efi"], "KEK.crt"));
    }

    [Fact]
    public void An_outside_command_signs_as_the_key_file_does()
    {
        const string Script = "printf %s \"$2\" | tr a-f A-F | basenc --base16 -d | "
            + "openssl pkeyutl -sign -inkey \"$1\" -pkeyopt digest:sha256";
        HostCommand command = Tools.Tree.Command("sh", "-c", Script, "sign", keys["db.key"]);
        List<string> words = [command.Program, .. command.Arguments];
        using var signer = new AuthenticodeSigner(SigningCertificate.Open(keys["db.crt"]), new CommandSigner(words, _log));
        signer.SignFile(EfiFiles.Stub, _work["command.efi"]);
        Assert.Equal(File.ReadAllBytes(Sign(EfiFiles.Stub, "key.efi")), File.ReadAllBytes(_work["command.efi"]));
    }

    [Theory]
    [InlineData("false failed with exit code 1", "false")]
    [InlineData("is not by its key", "echo", "nonsense")]
    [InlineData("cannot be started", "/nonexistent/signer")]
    public void A_command_that_does_not_sign_leaves_no_file(string expected, params string[] words)
    {
        using var signer = new AuthenticodeSigner(SigningCertificate.Open(keys["db.crt"]), new CommandSigner(words, _log));
        var error = Assert.Throws<BuildException>(() => signer.SignFile(EfiFiles.Stub, _work["out.efi"]));
        Assert.Contains(expected, error.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_work.Path));
    }

    [Fact]
    public void A_key_of_another_certificate_is_refused()
    {
        using var signer = new AuthenticodeSigner(SigningCertificate.Open(keys["db.crt"]), PemKeySigner.Open(keys["PK.key"]));
        var error = Assert.Throws<BuildException>(() => signer.SignFile(EfiFiles.Stub, _work["out.efi"]));
        Assert.Contains("db.crt is not by its key", error.Message);
    }

    [Fact]
    public void Files_that_are_no_keys_are_named()
    {
        Tools.Run("openssl", "genrsa", "-out", _work["small.key"], "1024");
        Tools.Run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", _work["ec.key"]);
        Tools.Run("openssl", "req", "-x509", "-new", "-key", _work["ec.key"], "-subj", "/CN=ec", "-out", _work["ec.crt"]);
        Refused("RSA key of 1024 bits", () => PemKeySigner.Open(_work["small.key"]));
        Refused("holds a public key", () => PemKeySigner.Open(keys["pcr.pub"]));
        Refused("no RSA private key", () => PemKeySigner.Open(keys["db.crt"]));
        Refused("no RSA private key", () => PemKeySigner.Open(_work["ec.key"]));
        Refused("missing.key", () => PemKeySigner.Open(_work["missing.key"]));
        Refused("no certificate", () => SigningCertificate.Open(keys["db.key"]));
        Refused("is not RSA", () => SigningCertificate.Open(_work["ec.crt"]));
    }

    [Fact]
    public void A_file_that_is_no_program_is_named()
    {
        File.WriteAllText(_work["text"], string.Concat(Enumerable.Repeat("no program ", 100)));
        using AuthenticodeSigner signer = keys.Signer();
        var error = Assert.Throws<BuildException>(() => signer.SignFile(_work["text"], _work["out.efi"]));
        Assert.Contains("no EFI program: no DOS header", error.Message);
    }

    private string Sign(string program, string name)
    {
        using AuthenticodeSigner signer = keys.Signer();
        signer.SignFile(program, _work[name]);
        return _work[name];
    }

    private static void Refused(string expected, Func<object> open) =>
        Assert.Contains(expected, Assert.Throws<BuildException>(open).Message);
}
