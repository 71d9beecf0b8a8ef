using System;
using System.IO;
using System.Linq;
using System.Text;
using InitRuntime.Crypto;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.Mkinitramfs;
using Xunit;

namespace InitRuntime.Unit.Formats.Luks2;

/// <summary>Tokens of the real tools; Data/README.md says how each was made.</summary>
public sealed class TokenTests
{
    private const string Passphrase = "the passphrase of clevis";

    [Fact]
    public void A_token_of_systemd_257_with_PCRs_is_read()
    {
        SystemdTpm2Token token = Systemd("systemd-257-pcrs");
        Assert.Equal(1u << 7, token.Pcrs);
        Assert.Equal(DigestAlgorithm.Sha256, token.PcrBank);
        Assert.Equal((false, false, false, 0u), (token.IsRsaPrimary, token.NeedsPin, token.UsesPcrlock, token.PublicKeyPcrs));
        Assert.Equal("8b5682d81b29435d08d79278150611dc7e5923b2fefcce684a09577b40130a8b", Convert.ToHexStringLower(token.PolicyHashes.Single()));
        byte[] blob = token.Blobs.Single();
        Assert.Equal(2 + 0x9e + 2 + 0x4e, blob.Length);
        Assert.Equal("81000001", Convert.ToHexStringLower(token.StorageRootKey[..4]));
        Assert.True(token.PublicKeyPem.Length == 0 && token.Salt.Length == 0 && token.PcrlockIndex.Length == 0);
    }

    [Fact]
    public void A_token_of_systemd_257_with_signature_and_PIN_is_read()
    {
        SystemdTpm2Token token = Systemd("systemd-257-signed-pin");
        Assert.Equal((0u, 1u << 11, true), (token.Pcrs, token.PublicKeyPcrs, token.NeedsPin));
        Assert.StartsWith("-----BEGIN PUBLIC KEY-----\n", Encoding.ASCII.GetString(token.PublicKeyPem), StringComparison.Ordinal);
        Assert.Equal(32, token.Salt.Length);
    }

    [Fact]
    public void Tokens_of_systemd_252_have_no_storage_root_key()
    {
        SystemdTpm2Token token = Systemd("systemd-252-pcrs");
        Assert.Equal((1u << 7, false, 0), (token.Pcrs, token.NeedsPin, token.StorageRootKey.Length));
        token = Systemd("systemd-252-signed");
        Assert.Equal(((1u << 7) | (1u << 14), 1u << 11, 0), (token.Pcrs, token.PublicKeyPcrs, token.StorageRootKey.Length));
        Assert.NotEmpty(token.PublicKeyPem);
    }

    /// <summary>The lists of 258 and later, made of the blobs of two real tokens.</summary>
    [Fact]
    public void Lists_of_blobs_and_policies_are_read()
    {
        SystemdTpm2Token first = Systemd("systemd-257-pcrs");
        SystemdTpm2Token second = Systemd("systemd-257-signed-pin");
        string json = Text("systemd-257-signed-pin");
        string Both(string name, string text, string other) => $"\"{name}\":[\"{text}\",\"{other}\"]";
        json = json.Replace(
            $"\"tpm2-blob\":\"{Convert.ToBase64String(second.Blobs[0])}\"",
            Both("tpm2-blob", Convert.ToBase64String(second.Blobs[0]), Convert.ToBase64String(first.Blobs[0])),
            StringComparison.Ordinal);
        json = json.Replace(
            $"\"tpm2-policy-hash\":\"{Convert.ToHexStringLower(second.PolicyHashes[0])}\"",
            Both("tpm2-policy-hash", Convert.ToHexStringLower(second.PolicyHashes[0]), Convert.ToHexStringLower(first.PolicyHashes[0])),
            StringComparison.Ordinal);
        Assert.True(SystemdTpm2Token.TryParse(Token(SystemdTpm2Token.Kind, json), out SystemdTpm2Token token, out ParseError error), error.Message);
        Assert.Equal([second.Blobs[0], first.Blobs[0]], token.Blobs);
        Assert.Equal([second.PolicyHashes[0], first.PolicyHashes[0]], token.PolicyHashes);
    }

    [Theory]
    [InlineData("\"tpm2-pcrs\":[7]", "\"tpm2-pcrs\":[24]", "token 3.tpm2-pcrs: not PCRs below 24")]
    [InlineData("\"tpm2-pcrs\":[7],", "", "token 3.tpm2-pcrs: missing")]
    [InlineData("\"tpm2-pcr-bank\":\"sha256\"", "\"tpm2-pcr-bank\":\"sm3_256\"", "token 3.tpm2-pcr-bank: \"sm3_256\" is not known (sha1, sha256, sha384, sha512)")]
    [InlineData("\"tpm2-primary-alg\":\"ecc\"", "\"tpm2-primary-alg\":\"dsa\"", "token 3.tpm2-primary-alg: \"dsa\" is not known (ecc, rsa)")]
    [InlineData("\"tpm2-blob\":\"", "\"tpm2-blob\":\"*", "token 3.tpm2-blob: not base64 of 1 to 8192 bytes")]
    [InlineData("\"tpm2-policy-hash\":\"8b", "\"tpm2-policy-hash\":\"8", "token 3.tpm2-policy-hash: not hexadecimal of 1 to 64 bytes")]
    [InlineData("systemd-tpm2", "systemd-fido2", "token 3.type: \"systemd-fido2\", wanted systemd-tpm2")]
    public void A_token_that_lies_is_refused_with_the_place(string from, string to, string expected)
    {
        string json = Text("systemd-257-pcrs");
        Assert.Contains(from, json, StringComparison.Ordinal);
        Assert.False(SystemdTpm2Token.TryParse(Token(SystemdTpm2Token.Kind, json.Replace(from, to, StringComparison.Ordinal)), out _, out ParseError error));
        Assert.Equal(expected, error.Message);
    }

    [Fact]
    public void An_old_token_without_bank_and_primary_algorithm_is_read()
    {
        string json = Text("systemd-252-pcrs")
            .Replace("\"tpm2-pcr-bank\":\"sha256\",", "", StringComparison.Ordinal).Replace("\"tpm2-primary-alg\":\"ecc\",", "", StringComparison.Ordinal);
        Assert.True(SystemdTpm2Token.TryParse(Token(SystemdTpm2Token.Kind, json), out SystemdTpm2Token token, out _));
        Assert.Equal((null, false), (token.PcrBank, token.IsRsaPrimary));
    }

    [Theory]
    [InlineData("clevis-pcrs", false, (1u << 7) | (1u << 11))]
    [InlineData("clevis-rsa", true, 0u)]
    [InlineData("clevis-sss", false, 1u << 7)]
    public void A_clevis_token_opens_with_what_the_TPM_gave_back(string name, bool isRsa, uint pcrs)
    {
        ClevisToken token = Clevis(name);
        Assert.Equal((DigestAlgorithm.Sha256, isRsa, pcrs), (token.Pin.Hash, token.Pin.IsRsaPrimary, token.Pin.Pcrs));
        Assert.Equal(pcrs == 0 ? null : DigestAlgorithm.Sha256, token.Pin.PcrBank);
        Assert.Equal("00ee", Convert.ToHexStringLower(token.Pin.PrivateArea[..2]));
        byte[] passphrase = new byte[token.PassphraseLength];
        byte[] key = Bytes($"{name}.jwk");
        Assert.True(token.TryOpen(key, passphrase, out ParseError error), error.Message);
        Assert.Equal(Passphrase, Encoding.ASCII.GetString(passphrase));

        string other = Encoding.ASCII.GetString(Bytes(name == "clevis-rsa" ? "clevis-sss.jwk" : "clevis-rsa.jwk"));
        passphrase.AsSpan().Clear();
        Assert.False(token.TryOpen(Encoding.ASCII.GetBytes(other), passphrase, out error));
        Assert.Equal("the key does not fit this token", error.Message);
        Assert.All(passphrase, value => Assert.Equal(0, value));
    }

    [Fact]
    public void What_was_sealed_need_not_be_a_key_and_no_damage_of_it_throws()
    {
        ClevisToken token = Clevis("clevis-pcrs");
        byte[] passphrase = new byte[token.PassphraseLength];
        Hostile.EveryPrefixAndEveryDamagedByte(Bytes("clevis-pcrs.jwk"), bytes => token.TryOpen(bytes, passphrase, out _));
        Assert.False(token.TryOpen("{\"k\":\"c2hvcnQ\"}"u8, passphrase, out ParseError error));
        Assert.Equal("what was sealed is not a JSON web key of 256 bits", error.Message);
    }

    [Fact]
    public void Shares_that_need_two_pins_are_refused_by_name()
    {
        Assert.False(ClevisToken.TryParse(Token(ClevisToken.Kind, Text("clevis-sss-two")), out _, out ParseError error));
        Assert.Equal("token 3.jwe.protected.clevis.sss: 2 of 2 shares are needed, only 1 of 1 is supported", error.Message);
    }

    [Theory]
    [InlineData("systemd-257-signed-pin")]
    [InlineData("systemd-252-signed")]
    [InlineData("clevis-pcrs")]
    [InlineData("clevis-sss")]
    public void Hostile_bytes_of_a_token_never_throw(string name)
    {
        bool clevis = name.StartsWith("clevis", StringComparison.Ordinal);
        Hostile.EveryPrefixAndEveryDamagedByte(Bytes($"{name}.json"), bytes => clevis
            ? ClevisToken.TryParse(new(3, ClevisToken.Kind, [0], bytes.ToArray()), out _, out _)
            : SystemdTpm2Token.TryParse(new(3, SystemdTpm2Token.Kind, [0], bytes.ToArray()), out _, out _));
    }

    /// <summary>The damage that base64url hides from the test above.</summary>
    [Theory]
    [InlineData("clevis-pcrs")]
    [InlineData("clevis-sss")]
    public void Hostile_bytes_within_a_protected_header_never_throw(string name)
    {
        string json = Text($"{name}");
        string header = Encoding.ASCII.GetString(Clevis(name).Passphrase.ProtectedHeader);
        byte[] inner = System.Buffers.Text.Base64Url.DecodeFromChars(header);
        Hostile.EveryPrefixAndEveryDamagedByte(inner, bytes => ClevisToken.TryParse(
            Token(ClevisToken.Kind, json.Replace(header, System.Buffers.Text.Base64Url.EncodeToString(bytes), StringComparison.Ordinal)), out _, out _));
    }

    [Fact]
    public void Tokens_that_cryptsetup_imported_come_out_of_the_header_as_they_went_in()
    {
        using LuksImage image = LuksImage.Format();
        string file = image.KeyFileOf("token.json", Text("systemd-257-pcrs").Replace("[\"1\"]", "[\"0\"]", StringComparison.Ordinal));
        LuksImage.Cryptsetup("token", "import", "--json-file", file, "--token-id", "5", image.Path);
        LuksImage.Cryptsetup("token", "import", "--json-file", image.KeyFileOf("clevis.json", Text("clevis-sss")), "--token-id", "2", image.Path);
        Luks2Token[] tokens = image.Header().Metadata.Tokens;
        Assert.Equal([(2, ClevisToken.Kind), (5, SystemdTpm2Token.Kind)], tokens.Select(token => (token.Number, token.Kind)));
        Assert.All(tokens, token => Assert.Equal([0], token.Keyslots));
        Assert.True(ClevisToken.TryParse(tokens[0], out ClevisToken clevis, out _));
        byte[] passphrase = new byte[clevis.PassphraseLength];
        Assert.True(clevis.TryOpen(Bytes("clevis-sss.jwk"), passphrase, out _));
        Assert.True(SystemdTpm2Token.TryParse(tokens[1], out SystemdTpm2Token systemd, out _));
        Assert.Equal(Systemd("systemd-257-pcrs").Blobs, systemd.Blobs);
    }

    private static SystemdTpm2Token Systemd(string name)
    {
        Assert.True(SystemdTpm2Token.TryParse(Token(SystemdTpm2Token.Kind, Text(name)), out SystemdTpm2Token token, out ParseError error), error.Message);
        return token;
    }

    private static ClevisToken Clevis(string name)
    {
        Assert.True(ClevisToken.TryParse(Token(ClevisToken.Kind, Text(name)), out ClevisToken token, out ParseError error), error.Message);
        return token;
    }

    private static Luks2Token Token(string kind, string json) => new(3, kind, [0], Encoding.UTF8.GetBytes(json));

    private static string Text(string name) => Encoding.UTF8.GetString(Bytes($"{name}.json"));

    private static byte[] Bytes(string file) => File.ReadAllBytes(Path.Combine(Repository.Root, "tests/unit/Formats/Luks2/Data", file));
}
