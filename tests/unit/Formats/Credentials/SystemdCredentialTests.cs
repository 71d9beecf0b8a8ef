using System;
using System.Buffers.Binary;
using System.IO;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.Credentials;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.TpmUnlock;
using Xunit;

namespace InitRuntime.Unit.Formats.Credentials;

/// <summary>Credentials made by the real systemd-creds 257.</summary>
public sealed class SystemdCredentialTests
{
    private const string Content = """{"pcrBank":"sha256","pcrValues":[]}""";

    [Theory]
    [InlineData("pcrlock.test")]
    [InlineData("pcrlock.twelve")]
    [InlineData("")]
    public void What_systemd_creds_encrypts_with_the_null_key_is_read(string name)
    {
        string base64 = Encrypt(Content, $"--name={name}");
        Assert.Contains("\n", base64.TrimEnd('\n'), StringComparison.Ordinal);
        byte[] raw = Convert.FromBase64String(base64);
        foreach (byte[] file in (byte[][])[Encoding.ASCII.GetBytes(base64), Encoding.ASCII.GetBytes(Convert.ToBase64String(raw)), raw])
        {
            SystemdCredential credential = Open(file);
            Assert.Equal(name, credential.Name);
            Assert.Equal(Content, Encoding.UTF8.GetString(credential.Content));
        }
    }

    [Fact]
    public void An_empty_and_a_long_one_are_read_and_a_longer_one_is_refused()
    {
        Assert.Empty(Open(Encoding.ASCII.GetBytes(Encrypt("", "--name=empty"))).Content);
        string content = new('x', 160 << 10);
        byte[] file = Encoding.ASCII.GetBytes(Encrypt(content, "--name=long"));
        Assert.Equal(content, Encoding.ASCII.GetString(Open(file).Content));
        Assert.Equal("credential longer than 262144 bytes", Refusal([.. file, .. new byte[SystemdCredential.MaximumLength]]));
    }

    [Fact]
    public void One_that_has_expired_is_read_since_nobody_knows_the_time()
    {
        string expired = Encrypt(Content, "--name=old", "--timestamp=2020-01-01", "--not-after=2020-01-02");
        Assert.Equal("old", Open(Encoding.ASCII.GetBytes(expired)).Name);
    }

    [Fact]
    public void No_damaged_or_cut_one_opens()
    {
        byte[] raw = Convert.FromBase64String(Encrypt(Content, "--name=pcrlock.test"));
        Hostile.EveryPrefixAndEveryDamagedByte(raw, bytes => OpensOnlyAs(bytes, raw));

        // A letter of base64 may change in bits that stand for nothing: then it is the same file.
        byte[] base64 = Encoding.ASCII.GetBytes(Convert.ToBase64String(raw, Base64FormattingOptions.InsertLineBreaks));
        Hostile.EveryPrefixAndEveryDamagedByte(base64, bytes =>
            OpensOnlyAs(SystemdCredential.TryOpenWithNullKey(bytes, out _, out _) ? Convert.FromBase64String(Encoding.ASCII.GetString(bytes)) : bytes, raw));
    }

    [Theory]
    [InlineData("5a1c6a86df9d4096b1d5a65e0862f19a", "credential needs the host key")]
    [InlineData("0c7cc07b11764591 9c4b0bea08bc20fe", "credential needs the TPM")]
    [InlineData("faf7eb9341e3412c a1a436f95a29362f", "credential needs the TPM")]
    [InlineData("93a8940948744490 90caf2fc93cab553", "credential needs the host key and the TPM")]
    [InlineData("af4950a849134eb1 a73846304ff30c05", "credential needs the host key and the TPM")]
    [InlineData("55b9ed1d38594d43 a8319d2ebb332ac6", "credential is one user's, and needs the host key")]
    [InlineData("00000000000000000000000000000001", "credential needs an unknown key, 00000000000000000000000000000001")]
    [InlineData("058469daf6f5432480 0549da0f8ea2fc", "credential needs an unknown key, 058469daf6f54324800549da0f8ea2fc")]
    public void Every_other_key_is_named(string identifier, string refusal)
    {
        byte[] file = Convert.FromBase64String(Encrypt(Content, "--name=pcrlock.test"));
        Convert.FromHexString(identifier.Replace(" ", "", StringComparison.Ordinal)).CopyTo(file, 0);
        Assert.Equal(refusal, Refusal(file));
    }

    [Fact]
    public void What_systemd_creds_encrypts_with_the_host_key_or_the_TPM_is_refused_by_name()
    {
        using var tpm = new SoftwareTpm();
        string machine = tpm.Write("machine-id", "3d1219c7c4c5404aaa1f6d2a48adfda4\n"u8);
        string content = tpm.Write("content", "{}"u8);
        Directory.CreateDirectory(tpm.File("host"));
        foreach ((string key, string refusal) in (ReadOnlySpan<(string, string)>)[
            ("host", "the host key"), ("tpm2", "the TPM"), ("host+tpm2", "the host key and the TPM")])
        {
            string[] encrypt = Tools.OnMachine(
                machine, "systemd-creds", "encrypt", $"--with-key={key}", $"--tpm2-device={tpm.Device}", "--name=pcrlock.test", content, "-");
            string file = tpm.Run("env", [$"SYSTEMD_CREDENTIAL_SECRET={tpm.File("host/secret")}", .. encrypt]);
            Assert.Equal($"credential needs {refusal}", Refusal(Encoding.ASCII.GetBytes(file)));
        }
    }

    [Fact]
    public void Other_lengths_than_those_of_the_cipher_are_refused()
    {
        byte[] file = Convert.FromBase64String(Encrypt(Content, "--name=pcrlock.test"));
        for (int field = 16; field < 32; field += sizeof(uint))
        {
            byte[] other = [.. file];
            BinaryPrimitives.WriteUInt32LittleEndian(other.AsSpan(field), uint.MaxValue);
            Assert.Contains("4294967295", Refusal(other), StringComparison.Ordinal);
        }
    }

    private static string Encrypt(string content, params string[] options)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["content"], content);
        return Tools.Run("systemd-creds", ["encrypt", "--with-key=null", .. options, directory["content"], "-"]);
    }

    private static SystemdCredential Open(byte[] file)
    {
        Assert.True(SystemdCredential.TryOpenWithNullKey(file, out SystemdCredential credential, out ParseError error), error.ToString());
        return credential;
    }

    private static string Refusal(byte[] file)
    {
        Assert.False(SystemdCredential.TryOpenWithNullKey(file, out _, out ParseError error));
        return error.Message;
    }

    private static bool OpensOnlyAs(ReadOnlySpan<byte> bytes, byte[] good)
    {
        bool opens = SystemdCredential.TryOpenWithNullKey(bytes, out _, out ParseError error);
        Assert.Equal(bytes.SequenceEqual(good), opens);
        Assert.Equal(opens, !error.IsError);
        return opens;
    }
}
