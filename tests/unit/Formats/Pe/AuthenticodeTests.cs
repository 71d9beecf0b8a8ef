using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Formats;
using InitRuntime.Formats.Pe;
using InitRuntime.Mkinitramfs.Signing;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.Mkinitramfs.Signing;
using Xunit;

namespace InitRuntime.Unit.Formats.Pe;

public sealed class AuthenticodeTests(TestKeys keys) : IClassFixture<TestKeys>
{
    public static TheoryData<string> RealPrograms => PeImageTests.RealPrograms;

    [Theory]
    [MemberData(nameof(RealPrograms))]
    public void The_digest_is_the_one_that_sbsign_signed(string program)
    {
        byte[] signed = keys.Sbsign(program);
        Assert.True(Authenticode.TryDigest(File.ReadAllBytes(program), out byte[] unsignedDigest, out _));
        Assert.True(Authenticode.TryDigest(signed, out byte[] signedDigest, out _));

        PeImage image = EfiFiles.Parse(signed);
        byte[] table = signed.AsSpan((int)image.CertificateTable.Offset, (int)image.CertificateTable.Length).ToArray();
        Assert.True(Authenticode.TryReadCertificates(table, out IReadOnlyList<WinCertificate> entries, out _));
        WinCertificate entry = Assert.Single(entries);
        Assert.Equal((WinCertificate.Revision2, WinCertificate.PkcsSignedData), (entry.Revision, entry.Type));
        byte[]? carried = SpcSignedData.ReadImageDigest(table.AsSpan((int)entry.Content.Offset, (int)entry.Content.Length).ToArray());
        Assert.NotNull(carried);
        Assert.Equal(carried, unsignedDigest);
        Assert.Equal(carried, signedDigest);
    }

    [Fact]
    public void Checksum_and_signatures_are_not_in_the_digest_but_every_other_part_is()
    {
        byte[] file = keys.Sbsign(EfiFiles.Stub);
        PeImage image = EfiFiles.Parse(file);
        Assert.True(Authenticode.TryDigest(file, out byte[] good, out _));
        foreach (long free in (long[])[image.CheckSumOffset, image.CertificateTable.Offset + 20, image.FileLength - 1])
        {
            Assert.Equal(good, DigestWithChangedByte(file, free));
        }

        long[] hashedBytes =
            [2, image.CheckSumOffset + 8, image.SizeOfHeaders - 1, image.SizeOfHeaders, image.CertificateTable.Offset - 1];
        foreach (long hashed in hashedBytes)
        {
            Assert.NotEqual(good, DigestWithChangedByte(file, hashed));
        }
    }

    [Fact]
    public void Images_that_verifiers_read_in_two_ways_are_refused()
    {
        byte[] behind = [.. keys.Sbsign(EfiFiles.Stub), .. new byte[8]];
        Assert.False(Authenticode.TryDigest(behind, out _, out ParseError error));
        Assert.Contains("behind its signatures", error.Message);

        byte[] gap = EfiFiles.StubBytes;
        PeImage image = EfiFiles.Parse(gap);
        int rawSize = image.SectionTableOffset + 16;
        BinaryPrimitives.WriteUInt32LittleEndian(gap.AsSpan(rawSize), image.Sections[0].SizeOfRawData - 512);
        Assert.False(Authenticode.TryDigest(gap, out _, out error));
        Assert.Contains("gap in the file before its section .rodata", error.Message);
    }

    [Fact]
    public void A_damaged_certificate_table_is_answered_not_thrown()
    {
        byte[] signed = keys.Sbsign(EfiFiles.Stub);
        PeImage image = EfiFiles.Parse(signed);
        ReadOnlySpan<byte> table = signed.AsSpan((int)image.CertificateTable.Offset, (int)image.CertificateTable.Length);
        int length = table.Length;
        Hostile.EveryPrefixAndEveryDamagedByte(
            table,
            bytes =>
            {
                bool parsed = Authenticode.TryReadCertificates(bytes, out IReadOnlyList<WinCertificate> entries, out ParseError error);
                Assert.Equal(parsed, !error.IsError);
                Assert.All(entries, entry => Assert.InRange(entry.Content.End, entry.Content.Offset, length));
                return parsed;
            });
    }

    [Fact]
    public void A_damaged_signature_has_no_digest_and_throws_nothing()
    {
        byte[] signed = keys.Sbsign(EfiFiles.Stub);
        long start = EfiFiles.Parse(signed).CertificateTable.Offset + WinCertificate.HeaderSize;
        Hostile.EveryPrefixAndEveryDamagedByte(
            signed.AsSpan((int)start), bytes => SpcSignedData.ReadImageDigest(bytes.ToArray()) is { Length: 32 });
    }

    [Fact]
    public void More_signatures_than_any_image_has_are_refused()
    {
        byte[] entry = [8, 0, 0, 0, 0, 2, 2, 0];
        byte[] table = [.. Enumerable.Repeat(entry, 65).SelectMany(e => e)];
        Assert.False(Authenticode.TryReadCertificates(table, out _, out ParseError error));
        Assert.Contains("more than 64", error.Message);
        Assert.True(Authenticode.TryReadCertificates(table.AsSpan(8), out IReadOnlyList<WinCertificate> entries, out _));
        Assert.Equal(64, entries.Count);
    }

    private static byte[] DigestWithChangedByte(byte[] file, long offset)
    {
        byte[] changed = [.. file];
        changed[offset] ^= 1;
        Assert.True(Authenticode.TryDigest(changed, out byte[] digest, out ParseError error), error.ToString());
        return digest;
    }
}
