using System;
using System.Buffers.Binary;
using System.IO;
using System.Text.RegularExpressions;
using InitRuntime.Formats;
using InitRuntime.Formats.Pe;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Pe;

public sealed partial class PeImageTests
{
    public static TheoryData<string> RealPrograms => [EfiFiles.Stub, EfiFiles.EfiBootGuard, EfiFiles.SystemdBoot];

    [Theory]
    [MemberData(nameof(RealPrograms))]
    public void Sections_of_a_real_program_are_those_that_objdump_shows(string file)
    {
        PeImage image = EfiFiles.Parse(File.ReadAllBytes(file));
        string listing = EfiFiles.Objdump("-h", file);
        MatchCollection rows = SectionRow().Matches(listing);
        Assert.Equal(rows.Count, image.Sections.Count);
        for (int i = 0; i < rows.Count; i++)
        {
            // "/4" is a place in the string table, where GNU ld puts longer names; firmware never looks there.
            if (image.Sections[i].Name != "/4")
            {
                Assert.Equal(rows[i].Groups["name"].Value, image.Sections[i].Name);
            }

            Assert.Equal(rows[i].Groups["offset"].Value, image.Sections[i].PointerToRawData.ToString("x8"));
        }

        string headers = EfiFiles.Objdump("-p", file);
        Assert.Contains($"SizeOfImage\t\t{image.SizeOfImage:x8}", headers);
        Assert.Contains($"SizeOfHeaders\t\t{image.SizeOfHeaders:x8}", headers);
        Assert.Contains($"SizeOfInitializedData\t{image.SizeOfInitializedData:x16}", headers);
        Assert.Contains($"SectionAlignment\t{image.SectionAlignment:x8}", headers);
        Assert.Contains($"DllCharacteristics\t{image.DllCharacteristics:x8}", headers);
        Assert.Contains($"CheckSum\t\t{image.CheckSum:x8}", headers);
        Assert.Equal(PeImage.EfiApplication, image.Subsystem);
        Assert.Equal(0x8664, image.Machine);
    }

    [Fact]
    public void The_checksum_that_a_real_linker_wrote_is_ours()
    {
        byte[] file = File.ReadAllBytes(EfiFiles.EfiBootGuard);
        Assert.NotEqual(0u, EfiFiles.Parse(file).CheckSum);
        Assert.Equal(EfiFiles.Parse(file).CheckSum, EfiFiles.Checksum(file));
    }

    [Theory]
    [MemberData(nameof(RealPrograms))]
    public void Damaged_headers_are_answered_not_thrown(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        int headers = (int)EfiFiles.Parse(bytes).SizeOfHeaders;
        Hostile.EveryPrefixAndEveryDamagedByte(bytes.AsSpan(0, headers), start => ParsesAndIsUsable(start, bytes.Length));
    }

    [Theory]
    [InlineData("no DOS header", 0, 0)]
    [InlineData("outside the first", 0x3c, 0x7fffffff)]
    [InlineData("outside the first", 0x3c, -1)]
    [InlineData("no PE signature", 0x3c, 0x50)]
    public void A_broken_start_is_named(string expected, int offset, int value)
    {
        byte[] file = EfiFiles.StubBytes;
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(offset), value);
        Refused(expected, file);
    }

    [Theory]
    [InlineData("optional header magic 0x10b", 0, 0x10b, 2)]
    [InlineData("file alignment 3", 36, 3, 4)]
    [InlineData("file alignment 0", 36, 0, 4)]
    [InlineData("section alignment 256, file alignment 512", 32, 256, 4)]
    [InlineData("data directories", 108, 0x7fffffff, 4)]
    [InlineData("headers of 2147483647 bytes", 60, 0x7fffffff, 4)]
    [InlineData("past the end of the headers", 60, 0x100, 4)]
    [InlineData("leave the image", 56, 0x1000, 4)]
    [InlineData("certificate table at 2147483647", 144, 0x00000001_7fffffff, 8)]
    public void A_broken_optional_header_is_named(string expected, int offset, long value, int size)
    {
        byte[] file = EfiFiles.StubBytes;
        Span<byte> field = file.AsSpan(EfiFiles.Parse(file).OptionalHeaderOffset + offset, size);
        for (int i = 0; i < size; i++)
        {
            field[i] = (byte)((value >> (8 * i)) & 0xff);
        }

        Refused(expected, file);
    }

    [Theory]
    [InlineData("not printable ASCII", 0, 0x1b)]
    [InlineData("virtual addresses overlap", 12, 0)]
    [InlineData("leave the image", 8, -1)]
    [InlineData("outside the file", 16, -1)]
    [InlineData("outside the file", 20, 0x10)]
    [InlineData("overlaps that of .text", 20, 0x600)]
    public void A_broken_section_is_named(string expected, int offset, int value)
    {
        byte[] file = EfiFiles.StubBytes;
        int second = EfiFiles.Parse(file).SectionTableOffset + 40;
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(second + offset), value);
        Refused(expected, file);
    }

    private static bool ParsesAndIsUsable(ReadOnlySpan<byte> start, long length)
    {
        if (!PeImage.TryParse(start, length, out PeImage? image, out ParseError error))
        {
            Assert.True(error.IsError);
            return false;
        }

        Assert.False(error.IsError);
        if (Authenticode.TryLayout(image!, out AuthenticodeLayout? layout, out _))
        {
            Assert.All(layout!.Hashed, range => Assert.InRange(range.End, range.Offset, length));
        }

        return true;
    }

    private static void Refused(string expected, byte[] file)
    {
        Assert.False(PeImage.TryParse(file, out PeImage? image, out ParseError error));
        Assert.Null(image);
        Assert.Contains(expected, error.Message);
    }

    [GeneratedRegex(@"^\s*\d+ (?<name>\S+)\s+[0-9a-f]{8}  [0-9a-f]{16}  [0-9a-f]{16}  (?<offset>[0-9a-f]{8})", RegexOptions.Multiline)]
    private static partial Regex SectionRow();
}
