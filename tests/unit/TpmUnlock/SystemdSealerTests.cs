using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using InitRuntime.Formats.Luks2;
using InitRuntime.Formats.Tpm;
using InitRuntime.Linux;
using InitRuntime.TpmUnlock;
using Xunit;
using PcrMask = InitRuntime.Formats.Tpm.PcrMask;

namespace InitRuntime.Unit.TpmUnlock;

/// <summary>What we seal, systemd 257 and tpm2-tools unseal.</summary>
public sealed class SystemdSealerTests : IDisposable
{
    private readonly SoftwareTpm _tpm = new();

    public void Dispose() => _tpm.Dispose();

    [Fact]
    public void Systemd_unlocks_a_volume_with_our_token_and_tpm2_tools_unseal_it()
    {
        _tpm.Extend(7, "secure boot");
        var volume = new EncryptedVolume(_tpm);
        (SystemdTpm2Token token, byte[] passphrase) = Seal(new SealBinding { Pcrs = PcrMask.Of(7) });
        volume.AddToken(token, passphrase);
        Assert.True(SystemdTpm2Token.TryParse(volume.Token(0), out SystemdTpm2Token read, out _));
        volume.AssertOpensWithUs(read);
        (int code, string output) = volume.SystemdUnlocks();
        Assert.True(code == 0, output);
        Assert.Contains("token unlocks volume", output, StringComparison.Ordinal);

        Assert.True(SealedBlob.TryParse(token.Blobs[0], out SealedBlob blob, out _));
        Assert.Equal(
            ObjectAttributes.FixedTpm | ObjectAttributes.FixedParent | ObjectAttributes.NoDictionaryAttackProtection, blob.Public.Attributes);
        int privateLength = blob.Private.Length + 2;
        _tpm.Write("private", token.Blobs[0].AsSpan(0, privateLength));
        _tpm.Write("public", token.Blobs[0].AsSpan(privateLength));
        _tpm.Run("tpm2_load", "-C", "0x81000001", "-u", _tpm.File("public"), "-r", _tpm.File("private"), "-c", _tpm.File("object"));
        _tpm.Run("tpm2_flushcontext", "-t");
        _tpm.Run("tpm2_unseal", "-c", _tpm.File("object"), "-p", "pcr:sha256:7", "-o", _tpm.File("unsealed"));
        Assert.Equal(Encoding.ASCII.GetString(passphrase), Convert.ToBase64String(File.ReadAllBytes(_tpm.File("unsealed"))));
    }

    [Fact]
    public void The_storage_root_key_we_make_is_the_one_systemd_makes()
    {
        _tpm.Extend(7, "secure boot");
        byte[] ours = Seal(new SealBinding { Pcrs = PcrMask.Of(7) }).Token.StorageRootKey;
        _tpm.Run("tpm2_evictcontrol", "-C", "o", "-c", "0x81000001");
        byte[] theirs = new EncryptedVolume(_tpm).Enroll("--tpm2-pcrs=7").StorageRootKey;
        Assert.Equal(theirs, ours);
    }

    [Fact]
    public void A_signed_policy_with_a_PIN_is_sealed_as_systemd_would()
    {
        SignedImage image = new(_tpm);
        image.Measure();
        using (Tpm connection = _tpm.Connect())
        {
            new Measurement(connection).Phase(Measurement.EnterInitrd);
        }

        var binding = new SealBinding { SignedPcrs = PcrMask.Of(Measurement.KernelBootPcr), PublicKeyPem = File.ReadAllBytes(image.PublicKey) };
        var volume = new EncryptedVolume(_tpm);
        (SystemdTpm2Token token, byte[] passphrase) = Seal(binding, "a PIN");
        volume.AddToken(token, passphrase);
        var evidence = new PolicyEvidence { PcrSignatures = image.Sign("enter-initrd") };
        volume.AssertOpensWithUs(token, evidence, "a PIN");
        EncryptedVolume.Refusal(_tpm, token, TpmFailure.WrongPin, evidence, "no PIN");
        string[] policies =
        [
            Convert.ToHexStringLower(token.PolicyHashes[0]),
            Convert.ToHexStringLower(
                volume.EnrollWithPin("other PIN", "--tpm2-pcrs=", $"--tpm2-public-key={image.PublicKey}", "--tpm2-public-key-pcrs=11").PolicyHashes[0]),
        ];
        Assert.Equal(policies[1], policies[0]);
    }

    [Fact]
    public void A_seal_that_binds_nothing_is_refused()
    {
        foreach (SealBinding binding in (SealBinding[])
            [new(), new() { Pcrs = PcrMask.Of(7) }, new() { Pcrs = PcrMask.Of(7), Bank = InitRuntime.Crypto.DigestAlgorithm.Sha512 }])
        {
            TpmException refusal = Assert.Throws<TpmException>(() => Seal(binding));
            Assert.Equal(TpmFailure.UselessPolicy, refusal.Failure);
        }
    }

    [Fact]
    public void Each_seal_has_its_own_passphrase()
    {
        _tpm.Extend(7, "secure boot");
        var seen = new HashSet<string>();
        for (int i = 0; i < 4; i++)
        {
            Assert.True(seen.Add(Convert.ToBase64String(Seal(new SealBinding { Pcrs = PcrMask.Of(7) }).Passphrase)));
        }
    }

    private (SystemdTpm2Token Token, byte[] Passphrase) Seal(SealBinding binding, string pin = "")
    {
        using Tpm connection = _tpm.Connect();
        using var passphrase = new SecretBuffer(SystemdUnseal.MaximumPassphraseLength);
        SystemdTpm2Token token = SystemdSealer.Seal(connection, binding, Encoding.UTF8.GetBytes(pin), passphrase.Span, out int length);
        return (token, passphrase.Span[..length].ToArray());
    }
}
