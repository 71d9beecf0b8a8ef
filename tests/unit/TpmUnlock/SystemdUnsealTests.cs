using System;
using System.Collections.Generic;
using System.IO;
using InitRuntime.Crypto;
using InitRuntime.Formats.Credentials;
using InitRuntime.Formats.Luks2;
using InitRuntime.TpmUnlock;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.TpmUnlock;

/// <summary>Tokens made by the real systemd-cryptenroll 257 with a real software TPM, opened by us.</summary>
public sealed class SystemdUnsealTests : IDisposable
{
    private readonly SoftwareTpm _tpm = new();

    public void Dispose() => _tpm.Dispose();

    [Fact]
    public void A_token_bound_to_PCR_7_opens_its_keyslot_and_a_changed_PCR_is_named()
    {
        _tpm.Extend(7, "secure boot");
        string before = _tpm.Pcr(7);
        var volume = new EncryptedVolume(_tpm);
        SystemdTpm2Token token = volume.Enroll("--tpm2-pcrs=7");
        volume.AssertOpensWithUs(token);
        using (Tpm connection = _tpm.Connect())
        {
            EncryptedVolume.Unseal(connection, token);
            Assert.False(connection.NeedsShutdown, "nothing under dictionary attack protection was used");
        }

        _tpm.Extend(7, "another key");
        TpmException refusal = EncryptedVolume.Refusal(_tpm, token, TpmFailure.PcrMismatch);
        Assert.Contains("PCR 7 differs", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(_tpm.Pcr(7)[..16], refusal.Message, StringComparison.Ordinal);

        var known = new PolicyEvidence { ExpectedPcrs = new Dictionary<int, byte[]> { [7] = Convert.FromHexString(before) } };
        refusal = EncryptedVolume.Refusal(_tpm, token, TpmFailure.PcrMismatch, known);
        Assert.Contains($"PCR 7 differs: expected {before[..16]}.., found {_tpm.Pcr(7)[..16]}..", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_PCRs_are_opened_and_all_are_named_when_one_changed()
    {
        _tpm.Extend(0, "firmware");
        _tpm.Extend(7, "secure boot");
        var volume = new EncryptedVolume(_tpm);
        SystemdTpm2Token token = volume.Enroll("--tpm2-pcrs=0+7");
        volume.AssertOpensWithUs(token);
        _tpm.Extend(0, "update");
        Assert.Contains("at least one of the PCRs 0+7", EncryptedVolume.Refusal(_tpm, token, TpmFailure.PcrMismatch).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_PIN_is_needed_checked_and_protected_by_the_lockout()
    {
        _tpm.Extend(7, "secure boot");
        var volume = new EncryptedVolume(_tpm);
        SystemdTpm2Token token = volume.EnrollWithPin("12 34", "--tpm2-pcrs=7");
        volume.AssertOpensWithUs(token, pin: "12 34");
        EncryptedVolume.Refusal(_tpm, token, TpmFailure.PinNeeded);
        Assert.Contains("wrong PIN", EncryptedVolume.Refusal(_tpm, token, TpmFailure.WrongPin, pin: "1234").Message, StringComparison.Ordinal);
        volume.AssertOpensWithUs(token, pin: "12 34");

        _tpm.Run("tpm2_dictionarylockout", "--setup-parameters", "--max-tries=2", "--recovery-time=7200", "--lockout-recovery-time=60");
        TpmException refusal;
        using (Tpm connection = _tpm.Connect())
        {
            refusal = Assert.Throws<TpmException>(() => EncryptedVolume.Unseal(connection, token, pin: "0"));
            Assert.True(connection.NeedsShutdown, "an object under dictionary attack protection was used");
            connection.Shutdown();
        }

        for (int i = 0; i < 3 && refusal.Failure == TpmFailure.WrongPin; i++)
        {
            refusal = Assert.Throws<TpmException>(() => EncryptedVolume.Unseal(_tpm, token, pin: "0"));
        }

        Assert.Equal(TpmFailure.Lockout, refusal.Failure);
        Assert.Contains("of 2 failures; one is forgotten every 2 h", refusal.Hint, StringComparison.Ordinal);
        EncryptedVolume.Refusal(_tpm, token, TpmFailure.Lockout, pin: "12 34");
    }

    [Fact]
    public void A_signed_policy_opens_in_its_phase_only()
    {
        SignedImage image = new(_tpm);
        image.Measure();
        var volume = new EncryptedVolume(_tpm);
        SystemdTpm2Token token = volume.Enroll("--tpm2-pcrs=", $"--tpm2-public-key={image.PublicKey}", "--tpm2-public-key-pcrs=11");
        var evidence = new PolicyEvidence { PcrSignatures = image.Sign("enter-initrd") };
        Assert.Contains("none of the 1 states", EncryptedVolume.Refusal(_tpm, token, TpmFailure.PcrMismatch, evidence).Message, StringComparison.Ordinal);

        MeasurePhase(Measurement.EnterInitrd);
        volume.AssertOpensWithUs(token, evidence);
        Assert.Contains("no .pcrsig", EncryptedVolume.Refusal(_tpm, token, TpmFailure.NoSignature).Message, StringComparison.Ordinal);

        MeasurePhase(Measurement.LeaveInitrd);
        EncryptedVolume.Refusal(_tpm, token, TpmFailure.PcrMismatch, evidence);
        volume.AssertOpensWithUs(token, new PolicyEvidence { PcrSignatures = image.Sign("enter-initrd:leave-initrd") });
    }

    [Fact]
    public void A_signed_policy_with_literal_PCRs_and_a_PIN_opens_too()
    {
        SignedImage image = new(_tpm);
        image.Measure();
        _tpm.Extend(7, "secure boot");
        MeasurePhase(Measurement.EnterInitrd);
        var volume = new EncryptedVolume(_tpm);
        SystemdTpm2Token token = volume.EnrollWithPin("pin", "--tpm2-pcrs=7", $"--tpm2-public-key={image.PublicKey}", "--tpm2-public-key-pcrs=11");
        volume.AssertOpensWithUs(token, new PolicyEvidence { PcrSignatures = image.Sign("enter-initrd") }, "pin");
    }

    [Fact]
    public void Signatures_of_another_key_and_damaged_ones_are_refused()
    {
        SignedImage image = new(_tpm);
        SignedImage other = new(_tpm, "other");
        image.Measure();
        MeasurePhase(Measurement.EnterInitrd);
        SystemdTpm2Token token = new EncryptedVolume(_tpm).Enroll("--tpm2-pcrs=", $"--tpm2-public-key={image.PublicKey}", "--tpm2-public-key-pcrs=11");
        TpmException refusal = EncryptedVolume.Refusal(_tpm, token, TpmFailure.NoSignature, new PolicyEvidence { PcrSignatures = other.Sign("enter-initrd") });
        Assert.Contains("another key", refusal.Message, StringComparison.Ordinal);

        // Its own words around the other key's signature: only the TPM's check can tell.
        string forged = System.Text.Encoding.UTF8.GetString(other.Sign("enter-initrd")).Replace(other.Fingerprint, image.Fingerprint, StringComparison.Ordinal);
        refusal = EncryptedVolume.Refusal(_tpm, token, TpmFailure.NoSignature, new PolicyEvidence { PcrSignatures = System.Text.Encoding.UTF8.GetBytes(forged) });
        Assert.Equal("TPM_RC_SIGNATURE", refusal.Code.Name);
        EncryptedVolume.Refusal(_tpm, token, TpmFailure.BadToken, new PolicyEvidence { PcrSignatures = "{\"sha256\":[{}]}"u8.ToArray() });
    }

    [Fact]
    public void Both_ways_to_write_the_usual_exponent_are_found()
    {
        SignedImage image = new(_tpm);
        image.Measure();
        MeasurePhase(Measurement.EnterInitrd);
        Assert.True(InitRuntime.Formats.Tpm.RsaPublicKeyPem.TryParse(File.ReadAllBytes(image.PublicKey), out var key, out _));
        foreach (bool bound in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (uint exponent in (ReadOnlySpan<uint>)[0x10001, 0])
            {
                _tpm.Extend(7, "more");
                byte[] keyName = InitRuntime.Formats.Tpm.EntityName.Of(InitRuntime.Formats.Tpm.PublicTemplates.PcrSigningKey(key.Modulus, exponent));
                var policy = new InitRuntime.Formats.Tpm.PolicyDigest().Authorize(keyName);
                if (bound)
                {
                    policy.Pcr(InitRuntime.Formats.Tpm.AlgorithmId.Sha256, InitRuntime.Formats.Tpm.PcrMask.Of(7), Convert.FromHexString(_tpm.Pcr(7)));
                }

                SystemdTpm2Token token = HandMadeToken(policy.Value.ToArray(), "0x81000001", "noda|") with
                {
                    Pcrs = bound ? 1u << 7 : 0,
                    PublicKeyPcrs = 1u << 11,
                    PublicKeyPem = File.ReadAllBytes(image.PublicKey),
                };
                Assert.Equal(
                    "c2VhbGVkIGJ5IHRwbTItdG9vbHM="u8.ToArray(),
                    EncryptedVolume.Unseal(_tpm, token, new PolicyEvidence { PcrSignatures = image.Sign("enter-initrd") }));
            }
        }
    }

    [Theory]
    [InlineData("ecc")]
    [InlineData("rsa")]
    public void A_token_without_a_storage_root_key_opens_under_its_transient_primary(string algorithm)
    {
        _tpm.Extend(7, "secure boot");
        _tpm.Run("tpm2_createprimary", "-C", "o", "-g", "sha256", "-G", algorithm, "-c", _tpm.File("primary"));
        _tpm.Run("tpm2_createpolicy", "--policy-pcr", "-l", "sha256:7", "-L", _tpm.File("policy"));
        SystemdTpm2Token token = HandMadeToken(File.ReadAllBytes(_tpm.File("policy")), _tpm.File("primary"), "") with
        {
            Pcrs = 1u << 7,
            IsRsaPrimary = algorithm == "rsa",
            PcrBank = null,
            StorageRootKey = [],
        };
        _tpm.Run("tpm2_flushcontext", "-t");
        using Tpm connection = _tpm.Connect();
        Assert.Equal("c2VhbGVkIGJ5IHRwbTItdG9vbHM="u8.ToArray(), EncryptedVolume.Unseal(connection, token));
        Assert.True(connection.NeedsShutdown, "the old primary counts towards the lockout");
        connection.Shutdown();
        Assert.False(connection.NeedsShutdown);
    }

    [Fact]
    public void Another_or_a_cleared_TPM_is_named_and_an_evicted_root_key_is_made_again()
    {
        _tpm.Extend(7, "secure boot");
        var volume = new EncryptedVolume(_tpm);
        SystemdTpm2Token token = volume.Enroll("--tpm2-pcrs=7");
        _tpm.Run("tpm2_evictcontrol", "-C", "o", "-c", "0x81000001");
        volume.AssertOpensWithUs(token);

        _tpm.Run("tpm2_clear", "-c", "p");
        Assert.Contains("has no storage root key", EncryptedVolume.Refusal(_tpm, token, TpmFailure.OtherTpm).Message, StringComparison.Ordinal);

        new EncryptedVolume(_tpm).Enroll("--tpm2-pcrs=7");
        Assert.Contains("is not the token's", EncryptedVolume.Refusal(_tpm, token, TpmFailure.OtherTpm).Message, StringComparison.Ordinal);

        _tpm.Replace();
        EncryptedVolume.Refusal(_tpm, token, TpmFailure.OtherTpm);
        EncryptedVolume.Refusal(_tpm, token with { StorageRootKey = [] }, TpmFailure.OtherTpm);
    }

    [Fact]
    public void A_pcrlock_policy_opens_and_a_value_it_does_not_know_is_named()
    {
        // PCR 12 may have one value, PCR 13 one of two: the second makes a PolicyOR.
        Component("500-event.pcrlock", 12, "an event");
        Component("600-choice.pcrlock.d/1.pcrlock", 13, "one");
        Component("600-choice.pcrlock.d/2.pcrlock", 13, "two");
        MeasureWithLog(12, "an event");
        MeasureWithLog(13, "one");
        string policyFile = _tpm.File("pcrlock.json");
        _tpm.Run(
            "env", [.. Logs, "/usr/lib/systemd/systemd-pcrlock", "--pcr=12", "--pcr=13", $"--components={_tpm.File("components")}", $"--policy={policyFile}",
            "make-policy"]);
        var evidence = new PolicyEvidence { Pcrlock = File.ReadAllBytes(policyFile) };
        Assert.True(InitRuntime.Formats.Tpm.PcrlockPolicy.TryParse(evidence.Pcrlock, out var policy, out _));
        Assert.Equal([1, 2], [policy.Predictions[0].Values.Count, policy.Predictions[1].Values.Count]);

        var volume = new EncryptedVolume(_tpm);
        SystemdTpm2Token token = volume.Enroll("--tpm2-pcrs=", $"--tpm2-pcrlock={policyFile}");
        Assert.True(token.UsesPcrlock);
        volume.AssertOpensWithUs(token, evidence);
        EncryptedVolume.Refusal(_tpm, token, TpmFailure.NoSignature);

        _tpm.PowerCycle();
        Assert.Contains("PCR 12 differs: expected ", EncryptedVolume.Refusal(_tpm, token, TpmFailure.PcrMismatch, evidence).Message, StringComparison.Ordinal);
        _tpm.Extend(12, "an event");
        TpmException refusal = EncryptedVolume.Refusal(_tpm, token, TpmFailure.PcrMismatch, evidence);
        Assert.StartsWith("PCR 13 differs: expected ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(" or ", refusal.Message, StringComparison.Ordinal);
        _tpm.Extend(13, "two");
        volume.AssertOpensWithUs(token, evidence);

        using (Tpm connection = _tpm.Connect())
        {
            byte[] held = connection.ReadNv(connection.TryReadNvPublic(policy.Index.Handle)!);
            Assert.Equal([0x00, 0x0b], held[..2]);
            Assert.Null(connection.TryReadNvPublic(0x01a00000));
        }

        // The right values, but not the policy that the TPM holds.
        string other = System.Text.Encoding.UTF8.GetString(evidence.Pcrlock).Replace(_tpm.Pcr(13), _tpm.Pcr(13)[..62] + "00", StringComparison.Ordinal)
            .Replace("[{\"pcr\":12", "[{\"pcr\":13,\"values\":[\"" + _tpm.Pcr(13) + "\"]},{\"pcr\":12", StringComparison.Ordinal);
        EncryptedVolume.Refusal(_tpm, token, TpmFailure.BadToken, new PolicyEvidence { Pcrlock = System.Text.Encoding.UTF8.GetBytes(other) });
    }

    [Fact]
    public void A_pcrlock_policy_comes_through_the_credential_that_systemd_writes_to_the_boot_partition()
    {
        Component("500-event.pcrlock", 12, "an event");
        MeasureWithLog(12, "an event");
        string policyFile = _tpm.File("pcrlock.json");
        string boot = _tpm.File("boot");
        Directory.CreateDirectory(boot);
        string[] makePolicy = Tools.OnMachine(
            _tpm.Write("machine-id", "3d1219c7c4c5404aaa1f6d2a48adfda4\n"u8), "/usr/lib/systemd/systemd-pcrlock", "--pcr=12",
            $"--components={_tpm.File("components")}", $"--policy={policyFile}", "--entry-token=literal:Demo", "make-policy");
        _tpm.Run("env", [.. Logs, $"SYSTEMD_XBOOTLDR_PATH={boot}", "SYSTEMD_RELAX_XBOOTLDR_CHECKS=1", .. makePolicy]);

        byte[] file = File.ReadAllBytes(Path.Combine(boot, "loader/credentials/pcrlock.Demo.cred"));
        Assert.True(SystemdCredential.TryOpenWithNullKey(file, out SystemdCredential credential, out var error), error.ToString());
        Assert.Equal("pcrlock.demo", credential.Name);
        var volume = new EncryptedVolume(_tpm);
        SystemdTpm2Token token = volume.Enroll("--tpm2-pcrs=", $"--tpm2-pcrlock={policyFile}");
        var evidence = new PolicyEvidence { Pcrlock = credential.Content };
        volume.AssertOpensWithUs(token, evidence);
        _tpm.Extend(12, "more");
        EncryptedVolume.Refusal(_tpm, token, TpmFailure.PcrMismatch, evidence);
    }

    [Fact]
    public void A_seal_that_was_made_without_the_TPM_is_imported_and_opened()
    {
        _tpm.Extend(7, "secure boot");
        HandMadeToken(new byte[32], "0x81000001", "noda|");
        _tpm.Run("tpm2_readpublic", "-c", "0x81000001", "-f", "tss", "-o", _tpm.File("srk.public"));
        var volume = new EncryptedVolume(_tpm);
        SystemdTpm2Token token = volume.EnrollOffline($"--tpm2-device-key={_tpm.File("srk.public")}", $"--tpm2-pcrs=7:sha256={_tpm.Pcr(7)}");
        Assert.True(InitRuntime.Formats.Tpm.SealedBlob.TryParse(token.Blobs[0], out var blob, out _));
        Assert.NotEmpty(blob.Seed);
        volume.AssertOpensWithUs(token);
    }

    [Fact]
    public void Two_halves_under_a_signed_and_a_pcrlock_policy_make_one_passphrase()
    {
        SignedImage image = new(_tpm);
        image.Measure();
        MeasurePhase(Measurement.EnterInitrd);
        Component("500-event.pcrlock", 12, "an event");
        MeasureWithLog(12, "an event");
        string policyFile = _tpm.File("pcrlock.json");
        _tpm.Run(
            "env", [.. Logs, "/usr/lib/systemd/systemd-pcrlock", "--pcr=12", $"--components={_tpm.File("components")}", $"--policy={policyFile}", "make-policy"]);
        byte[] locked = new EncryptedVolume(_tpm).Enroll("--tpm2-pcrs=", $"--tpm2-pcrlock={policyFile}").PolicyHashes[0];
        byte[] signed = new EncryptedVolume(_tpm).Enroll("--tpm2-pcrs=", $"--tpm2-public-key={image.PublicKey}", "--tpm2-public-key-pcrs=11").PolicyHashes[0];
        SystemdTpm2Token token = HandMadeToken(signed, "0x81000001", "noda|") with
        {
            PolicyHashes = [signed, locked],
            PublicKeyPcrs = 1u << 11,
            PublicKeyPem = File.ReadAllBytes(image.PublicKey),
            UsesPcrlock = true,
        };
        token = token with { Blobs = [token.Blobs[0], HandMadeToken(locked, "0x81000001", "noda|").Blobs[0]] };
        var evidence = new PolicyEvidence { PcrSignatures = image.Sign("enter-initrd"), Pcrlock = File.ReadAllBytes(policyFile) };
        Assert.Equal("sealed by tpm2-toolssealed by tpm2-tools", System.Text.Encoding.ASCII.GetString(
            Convert.FromBase64String(System.Text.Encoding.ASCII.GetString(EncryptedVolume.Unseal(_tpm, token, evidence)))));
        EncryptedVolume.Refusal(_tpm, token with { Blobs = [token.Blobs[0]] }, TpmFailure.BadToken, evidence);
        _tpm.Extend(12, "more");
        EncryptedVolume.Refusal(_tpm, token, TpmFailure.PcrMismatch, evidence);
    }

    private string[] Logs => [
        "SYSTEMD_FORCE_MEASURE=1", $"SYSTEMD_MEASURE_LOG_FIRMWARE={_tpm.Write("firmware.log", [])}", $"SYSTEMD_MEASURE_LOG_USERSPACE={_tpm.File("user.log")}"];

    private void Component(string name, int pcr, string content)
    {
        string file = Path.Combine(_tpm.File("components"), name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        _tpm.Run(
            "/usr/lib/systemd/systemd-pcrlock", "lock-raw",
            _tpm.Write("content", System.Text.Encoding.UTF8.GetBytes(content)), $"--pcr={pcr}", $"--pcrlock={file}");
    }

    private void MeasureWithLog(int pcr, string word) =>
        _tpm.Run("env", [.. Logs, "/usr/lib/systemd/systemd-pcrextend", $"--pcr={pcr}", $"--tpm2-device={_tpm.Device}", word]);

    private void MeasurePhase(string word)
    {
        using Tpm connection = _tpm.Connect();
        new Measurement(connection).Phase(word);
    }

    /// <summary>Seals a text with tpm2-tools under a policy, as old or other versions of systemd would.</summary>
    private SystemdTpm2Token HandMadeToken(byte[] policy, string parent, string attributes)
    {
        byte[] root = [];
        if (parent == "0x81000001")
        {
            // tpm2-tools write the same serialized handle that systemd keeps in its token.
            if (!_tpm.Run("tpm2_getcap", "handles-persistent").Contains(parent, StringComparison.Ordinal))
            {
                _tpm.Run(
                    "tpm2_createprimary", "-C", "o", "-G", "ecc256:aes128cfb", "-a",
                    "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt", "-c", _tpm.File("srk"));
                _tpm.Run("tpm2_evictcontrol", "-C", "o", "-c", _tpm.File("srk"), parent);
            }

            _tpm.Run("tpm2_readpublic", "-c", parent, "-t", _tpm.File("srk.handle"));
            root = File.ReadAllBytes(_tpm.File("srk.handle"));
        }

        _tpm.Run("tpm2_flushcontext", "-t");
        _tpm.Run(
            "tpm2_create", "-C", parent, "-g", "sha256", "-L", _tpm.Write("sealing.policy", policy), "-a", $"{attributes}fixedtpm|fixedparent", "-i",
            _tpm.Write("secret", "sealed by tpm2-tools"u8), "-u", _tpm.File("public"), "-r", _tpm.File("private"));
        _tpm.Run("tpm2_flushcontext", "-t");
        return new SystemdTpm2Token
        {
            Blobs = [[.. File.ReadAllBytes(_tpm.File("private")), .. File.ReadAllBytes(_tpm.File("public"))]],
            PolicyHashes = [policy],
            Pcrs = 0,
            PcrBank = DigestAlgorithm.Sha256,
            IsRsaPrimary = false,
            NeedsPin = false,
            UsesPcrlock = false,
            PublicKeyPcrs = 0,
            PublicKeyPem = [],
            Salt = [],
            StorageRootKey = root,
            PcrlockIndex = [],
        };
    }
}
