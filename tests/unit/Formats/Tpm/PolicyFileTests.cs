using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.Tpm;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Tpm;

public sealed class PolicyFileTests
{
    // systemd-measure 257 sign --linux=... --bank=sha256 --phase=enter-initrd, the signature shortened.
    private const string Signatures =
        """{"sha256":[{"pcrs":[11],"pkfp":"8df3462eeb87a69d802d7a2d0038d9e3c600b68e35d5265b7b25d82085a898a5","pol":"19f95847f19109dcacf21e0b561d61c547f10a29dfab7e7c7e7cbd25593d1cb1","sig":"Qklb6v+pLCHENVQN"}],"sm3":[{"pcrs":[11]}]}""";

    [Fact]
    public void PCR_signatures_are_read_and_unknown_banks_passed_over()
    {
        Assert.True(PcrSignatures.TryParse(Encoding.ASCII.GetBytes(Signatures), out IReadOnlyList<PcrSignature> read, out ParseError error), error.ToString());
        PcrSignature one = Assert.Single(read);
        Assert.Equal(AlgorithmId.Sha256, one.Bank);
        Assert.Equal(PcrMask.Of(11), one.Pcrs);
        Assert.Equal("19f95847f19109dcacf21e0b561d61c547f10a29dfab7e7c7e7cbd25593d1cb1", Convert.ToHexStringLower(one.Policy));
        Hostile.EveryPrefixAndEveryDamagedByte(Encoding.ASCII.GetBytes(Signatures), bytes => PcrSignatures.TryParse(bytes, out _, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"sha256":[{"pcrs":[24],"pkfp":"","pol":"","sig":""}]}""")]
    [InlineData("""{"sha256":[{"pcrs":[11],"pkfp":"00","pol":"00","sig":"AAAA"}]}""")]
    [InlineData("""{"sha256":[[[[[[[[[[]]]]]]]]]]}""")]
    public void Other_things_are_refused(string json) => Assert.False(PcrSignatures.TryParse(Encoding.UTF8.GetBytes(json), out _, out _));

    [Fact]
    public void A_public_key_has_the_numbers_and_the_fingerprint_of_another_implementation()
    {
        foreach (int bits in (ReadOnlySpan<int>)[1024, 2048, 4096])
        {
            using RSA key = RSA.Create(bits);
            byte[] pem = Encoding.ASCII.GetBytes("a comment\n" + key.ExportSubjectPublicKeyInfoPem() + "\n");
            Assert.True(RsaPublicKeyPem.TryParse(pem, out RsaPublicKeyPem read, out ParseError error), error.ToString());
            Assert.Equal(key.ExportParameters(false).Modulus, read.Modulus);
            Assert.Equal(65537u, read.Exponent);
            Assert.Equal(SHA256.HashData(key.ExportRSAPublicKey()), read.Fingerprint);
            Hostile.EveryPrefixAndEveryDamagedByte(pem, bytes => RsaPublicKeyPem.TryParse(bytes, out _, out _));
            Hostile.EveryPrefixAndEveryDamagedByte(key.ExportSubjectPublicKeyInfo(), bytes => RsaPublicKeyPem.TryParseDer(bytes, out _, out _));
        }

        using ECDsa curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.False(RsaPublicKeyPem.TryParse(Encoding.ASCII.GetBytes(curve.ExportSubjectPublicKeyInfoPem()), out _, out ParseError refusal));
        Assert.Equal("public key is not RSA", refusal.Message);
    }

    [Fact]
    public void A_pcrlock_policy_is_read_and_damage_answered()
    {
        byte[] json = Encoding.ASCII.GetBytes(Pcrlock("""[{"pcr":12,"values":["AA","BB","AA"]},{"pcr":4,"values":["AA"]}]"""));
        Assert.True(PcrlockPolicy.TryParse(json, out PcrlockPolicy policy, out ParseError error), error.ToString());
        Assert.Equal(0x018b4380u, policy.Index.Handle);
        Assert.Equal([4, 12], [policy.Predictions[0].Pcr, policy.Predictions[1].Pcr]);
        Assert.Equal(2, policy.Predictions[1].Values.Count);
        Hostile.EveryPrefixAndEveryDamagedByte(json, bytes => PcrlockPolicy.TryParse(bytes, out _, out _));
    }

    [Theory]
    [InlineData("""[{"pcr":24,"values":["AA"]}]""")]
    [InlineData("""[{"values":["AA"]}]""")]
    [InlineData("""[{"pcr":4,"values":[]}]""")]
    [InlineData("""[{"pcr":4,"values":["00"]}]""")]
    [InlineData("""[{"pcr":4,"values":["11","22","33","44","55","66","77","88","99"]}]""")]
    public void A_pcrlock_policy_with_wrong_values_is_refused(string values) =>
        Assert.False(PcrlockPolicy.TryParse(Encoding.ASCII.GetBytes(Pcrlock(values)), out _, out _));

    private static string Pcrlock(string values)
    {
        foreach (string twice in (string[])["AA", "BB", "11", "22", "33", "44", "55", "66", "77", "88", "99"])
        {
            values = values.Replace($"\"{twice}\"", $"\"{string.Concat(System.Linq.Enumerable.Repeat(twice, 32))}\"", StringComparison.Ordinal);
        }

        var index = new NvPublic { Index = 0x018b4380, NameHash = AlgorithmId.Sha256, Attributes = 0x20021008, Policy = new byte[32], DataLength = 34 };
        byte[] handle = [0x01, 0x8b, 0x43, 0x80, 0, 34, .. EntityName.Of(index), 0, 0, 0, 2, 0, (byte)index.Encode().Length, .. index.Encode()];
        return $$"""{"pcrBank":"sha256","pcrValues":{{values}},"nvIndex":25903488,"nvHandle":"{{Convert.ToBase64String(handle)}}","nvPublic":"","srkHandle":""}""";
    }
}
