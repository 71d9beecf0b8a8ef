using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using InitRuntime.Formats;
using InitRuntime.Formats.Tpm;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Tpm;

public sealed class StructureTests
{
    [Fact]
    public void A_blob_of_systemd_is_read_and_written_back()
    {
        Assert.True(SealedBlob.TryParse(Samples.Blob, out SealedBlob blob, out ParseError error), error.ToString());
        Assert.Equal(AlgorithmId.KeyedHash, blob.Public.Type);
        Assert.Equal(ObjectAttributes.FixedTpm | ObjectAttributes.FixedParent | ObjectAttributes.NoDictionaryAttackProtection, blob.Public.Attributes);
        Assert.Equal(Samples.PolicyOfPcr7, Convert.ToHexStringLower(blob.Public.Policy));
        Assert.Equal(Samples.Blob, blob.Encode());
        Assert.Equal(Samples.Blob, new SealedBlob(blob.Private, Rebuilt(blob.Public), []).Encode());
        Hostile.EveryPrefixAndEveryDamagedByte(Samples.Blob, bytes => SealedBlob.TryParse(bytes, out _, out _));
        byte[] imported = [.. Samples.Blob, 0, 4, 1, 2, 3, 4];
        Assert.True(SealedBlob.TryParse(imported, out blob, out _));
        Assert.Equal([1, 2, 3, 4], blob.Seed);
        Assert.Equal(imported, blob.Encode());
        Assert.False(SealedBlob.TryParse([.. imported, 0], out _, out _));
    }

    [Fact]
    public void A_root_key_of_systemd_is_read_has_its_name_and_is_made_from_our_template()
    {
        Assert.True(SerializedHandle.TryParse(Samples.StorageRootKey, out SerializedHandle handle, out ParseError error), error.ToString());
        Assert.Equal(Handles.StorageRootKey, handle.Handle);
        Assert.Equal(handle.Name, EntityName.Of(handle.Key!));
        Assert.Equal(Samples.StorageRootKey, SerializedHandle.EncodeKey(handle.Handle, handle.Name, handle.Key!));
        PublicArea template = PublicTemplates.StorageRootKey(AlgorithmId.Ecc) with { EccX = handle.Key!.EccX, EccY = handle.Key.EccY };
        Assert.Equal(handle.Key.Encode(), template.Encode());
        Hostile.EveryPrefixAndEveryDamagedByte(Samples.StorageRootKey, bytes => SerializedHandle.TryParse(bytes, out _, out _));
        Hostile.EveryPrefixAndEveryDamagedByte(handle.Key.Encode(), bytes => PublicArea.TryParse(bytes, out _, out _));
    }

    [Theory]
    [InlineData(AlgorithmId.Ecc)]
    [InlineData(AlgorithmId.Rsa)]
    public void Templates_are_read_back_as_they_were(AlgorithmId type)
    {
        foreach (PublicArea template in (PublicArea[])
            [PublicTemplates.StorageRootKey(type), PublicTemplates.LegacyPrimary(type), PublicTemplates.ToolsPrimary(type, AlgorithmId.Sha384)])
        {
            byte[] bytes = template.Encode();
            Assert.True(PublicArea.TryParse(bytes, out PublicArea read, out ParseError error), error.ToString());
            Assert.Equal(template.Attributes, read.Attributes);
            Assert.Equal(bytes, Rebuilt(read).Encode());
            Hostile.EveryPrefixAndEveryDamagedByte(bytes, b => PublicArea.TryParse(b, out _, out _));
        }
    }

    [Fact]
    public void The_policy_of_PCR_7_is_systemds()
    {
        byte[] value = SHA256.HashData([.. new byte[32], .. SHA256.HashData("x"u8)]);
        Assert.Equal(Samples.PolicyOfPcr7, Convert.ToHexStringLower(new PolicyDigest().Pcr(AlgorithmId.Sha256, PcrMask.Of(7), value).Value));
    }

    [Fact]
    public void An_NV_index_is_read_and_written_back()
    {
        // systemd-pcrlock's attributes: ordinary, write all, policy write, owner read, written.
        var index = new NvPublic { Index = 0x018b4380, NameHash = AlgorithmId.Sha256, Attributes = 0x20021008, Policy = new byte[32], DataLength = 34 };
        Assert.True(NvPublic.TryParse(index.Encode(), out NvPublic read, out _));
        Assert.Equal(index.Encode(), read.Encode());
        Hostile.EveryPrefixAndEveryDamagedByte(index.Encode(), bytes => NvPublic.TryParse(bytes, out _, out _));
    }

    [Fact]
    public void PCR_banks_are_read_and_absurd_ones_refused()
    {
        byte[] two = Convert.FromHexString("00000002" + "000b03ffffff" + "000403800000");
        Hostile.EveryPrefixAndEveryDamagedByte(two, bytes =>
        {
            var reader = new SpanReader(bytes);
            return PcrBanks.TryRead(ref reader, out _, out _);
        });
        var whole = new SpanReader(two);
        Assert.True(PcrBanks.TryRead(ref whole, out IReadOnlyList<PcrBank> banks, out _));
        Assert.Equal([new(AlgorithmId.Sha256, new(PcrMask.All)), new(AlgorithmId.Sha1, PcrMask.Of(7))], banks);
        var many = new SpanReader(Convert.FromHexString("ffffffff"));
        Assert.False(PcrBanks.TryRead(ref many, out _, out _));
    }

    [Fact]
    public void An_answer_is_taken_apart_and_lies_about_its_length_refused()
    {
        byte[] answer = Convert.FromHexString("8002" + "00000018" + "00000000" + "80000001" + "00000002" + "abcd" + "00000100");
        Assert.True(Response.TryParse(answer, sentSessions: true, hasHandle: true, out Response response, out _));
        Assert.Equal(0x80000001u, response.Handle);
        Assert.Equal([0xab, 0xcd], response.Parameters.ToArray());
        Assert.Equal([0, 0, 1, 0], response.Authorizations.ToArray());
        Assert.False(Response.TryParse(answer, sentSessions: false, hasHandle: true, out _, out _));
        Hostile.EveryPrefixAndEveryDamagedByte(answer, bytes => Response.TryParse(bytes, true, true, out _, out _));
        Assert.True(Response.TryParse(Convert.FromHexString("80010000000a00000921"), true, true, out response, out _));
        Assert.Equal("TPM_RC_LOCKOUT", response.Code.Name);
    }

    [Fact]
    public void A_writer_that_is_full_says_so_and_writes_nothing_outside()
    {
        Span<byte> memory = stackalloc byte[4];
        var writer = new WireWriter(memory[..2]);
        writer.U16(0x0102);
        writer.U8(3);
        writer.Sized([4]);
        Assert.True(writer.Overrun);
        Assert.Equal(2, writer.Position);
        Assert.Equal([1, 2, 0, 0], memory.ToArray());
    }

    /// <summary>The same area without its memory of how it was encoded.</summary>
    private static PublicArea Rebuilt(PublicArea area) => new()
    {
        Type = area.Type,
        NameHash = area.NameHash,
        Attributes = area.Attributes,
        Policy = area.Policy,
        Symmetric = area.Symmetric,
        SymmetricKeyBits = area.SymmetricKeyBits,
        RsaKeyBits = area.RsaKeyBits,
        RsaExponent = area.RsaExponent,
        RsaModulus = area.RsaModulus,
        Curve = area.Curve,
        EccX = area.EccX,
        EccY = area.EccY,
        KeyedHashUnique = area.KeyedHashUnique,
    };
}
