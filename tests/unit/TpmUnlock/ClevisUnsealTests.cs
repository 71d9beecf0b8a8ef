using System;
using System.Text;
using InitRuntime.Formats.Luks2;
using InitRuntime.Linux;
using InitRuntime.TpmUnlock;
using Xunit;

namespace InitRuntime.Unit.TpmUnlock;

/// <summary>Secrets encrypted by the real clevis, opened by us.</summary>
public sealed class ClevisUnsealTests : IDisposable
{
    private const string Passphrase = "what clevis was given";
    private readonly SoftwareTpm _tpm = new();

    public void Dispose() => _tpm.Dispose();

    [Theory]
    [InlineData("tpm2 '{\"pcr_bank\":\"sha256\",\"pcr_ids\":\"7\"}'")]
    [InlineData("tpm2 '{\"pcr_bank\":\"sha256\",\"pcr_ids\":\"0,7\",\"key\":\"rsa\"}'")]
    [InlineData("tpm2 '{}'")]
    [InlineData("sss '{\"t\":1,\"pins\":{\"tpm2\":[{\"pcr_bank\":\"sha256\",\"pcr_ids\":\"7\"}]}}'")]
    public void What_clevis_encrypts_we_decrypt(string pin)
    {
        _tpm.Extend(7, "secure boot");
        ClevisToken token = Encrypt(pin);
        using Tpm connection = _tpm.Connect();
        Assert.Equal(Passphrase, Unseal(connection, token));
        Assert.True(connection.NeedsShutdown, "clevis' primary counts towards the lockout");
    }

    [Fact]
    public void A_changed_PCR_and_another_TPM_are_named()
    {
        _tpm.Extend(7, "secure boot");
        ClevisToken token = Encrypt("tpm2 '{\"pcr_bank\":\"sha256\",\"pcr_ids\":\"7\"}'");
        _tpm.Extend(7, "another key");
        using (Tpm connection = _tpm.Connect())
        {
            TpmException refusal = Assert.Throws<TpmException>(() => Unseal(connection, token));
            Assert.Equal(TpmFailure.PcrMismatch, refusal.Failure);
            Assert.Contains("PCR 7 differs", refusal.Message, StringComparison.Ordinal);
        }

        _tpm.Replace();
        using (Tpm connection = _tpm.Connect())
        {
            Assert.Equal(TpmFailure.OtherTpm, Assert.Throws<TpmException>(() => Unseal(connection, token)).Failure);
        }
    }

    private static string Unseal(Tpm connection, ClevisToken token)
    {
        using var passphrase = new SecretBuffer(token.PassphraseLength);
        int length = ClevisUnseal.Unseal(connection, token, new PolicyEvidence(), passphrase.Span);
        return Encoding.UTF8.GetString(passphrase.Span[..length]);
    }

    /// <summary>The token that <c>clevis luks bind</c> makes of <c>clevis encrypt</c>'s compact text: its five parts by name.</summary>
    private ClevisToken Encrypt(string pin)
    {
        string[] parts = _tpm.Shell($"printf %s '{Passphrase}' | clevis encrypt {pin}").Trim().Split('.');
        string json =
            $$"""{"type":"clevis","keyslots":["1"],"jwe":{"ciphertext":"{{parts[3]}}","encrypted_key":"{{parts[1]}}","iv":"{{parts[2]}}","protected":"{{parts[0]}}","tag":"{{parts[4]}}"} }""";
        Assert.True(ClevisToken.TryParse(new Luks2Token(0, "clevis", [1], Encoding.ASCII.GetBytes(json)), out ClevisToken token, out var error), error.ToString());
        return token;
    }
}
