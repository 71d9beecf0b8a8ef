using System;
using System.Collections.Generic;
using System.Numerics;
using System.Text;

namespace InitRuntime.Formats.Pe;

/// <summary>
/// The headers of a PE32+ image (PE format, Microsoft): what UEFI loads, a UKI and EFI Boot Guard among them. What exists is
/// valid: every section lies in the file, no two overlap, and no field points past the end. Sizes and offsets in bytes.
/// </summary>
public sealed class PeImage
{
    /// <summary>Subsystem "EFI application".</summary>
    public const ushort EfiApplication = 10;

    /// <summary>In <see cref="DllCharacteristics"/>: data is not executable.</summary>
    public const ushort NxCompatible = 0x0100;

    /// <summary>How much of a file's start is looked at for its headers.</summary>
    public const int LongestHeaders = 65536;

    private const uint SmallestAlignment = 16;
    private const uint LargestFileAlignment = 65536;
    private const uint LargestSectionAlignment = 16 * 1024 * 1024;

    private PeImage()
    {
    }

    /// <summary>In bytes.</summary>
    public required long FileLength { get; init; }

    /// <summary>IMAGE_FILE_MACHINE_: 0x8664 for x86-64, 0xaa64 for arm64.</summary>
    public required ushort Machine { get; init; }

    /// <summary><see cref="EfiApplication"/> for what UEFI runs.</summary>
    public required ushort Subsystem { get; init; }

    /// <summary>IMAGE_DLLCHARACTERISTICS_ flags.</summary>
    public required ushort DllCharacteristics { get; init; }

    /// <summary>Multiple at which sections are loaded, by the header; a power of two.</summary>
    public required uint SectionAlignment { get; init; }

    /// <summary>Multiple at which sections lie in the file, by the header; a power of two.</summary>
    public required uint FileAlignment { get; init; }

    /// <summary>Memory that the loaded image takes.</summary>
    public required uint SizeOfImage { get; init; }

    /// <summary>Headers and section table, up to the first section's raw data.</summary>
    public required uint SizeOfHeaders { get; init; }

    /// <summary>The sum of the initialized data sections, by the header.</summary>
    public required uint SizeOfInitializedData { get; init; }

    /// <summary>The checksum that the header states; it may be 0 for "none".</summary>
    public required uint CheckSum { get; init; }

    /// <summary>In the order of the table, which is that of their virtual addresses.</summary>
    public required IReadOnlyList<PeSection> Sections { get; init; }

    /// <summary>The certificate table: where signatures are. Empty if there are none.</summary>
    public required FileRange CertificateTable { get; init; }

    /// <summary>Whether the header has an entry for a certificate table, so that the image can be signed.</summary>
    public required bool HasCertificateDirectory { get; init; }

    internal int FileHeaderOffset { get; private init; }

    internal int OptionalHeaderOffset { get; private init; }

    internal int SectionTableOffset { get; private init; }

    /// <summary>Where the checksum is in the file (4 bytes, little endian).</summary>
    public int CheckSumOffset => OptionalHeaderOffset + PeFields.CheckSum;

    /// <summary>Where the certificate table's entry is in the file: offset and size, 4 bytes each, little endian.</summary>
    public int CertificateDirectoryOffset =>
        OptionalHeaderOffset + PeFields.OptionalHeaderFixedSize + (PeFields.SecurityDirectory * PeFields.DirectorySize);

    /// <summary>Reads the headers of a whole file.</summary>
    public static bool TryParse(ReadOnlySpan<byte> file, out PeImage? value, out ParseError error) =>
        TryParse(file, file.Length, out value, out error);

    /// <summary>Reads the headers from the first bytes of a file; <see cref="LongestHeaders"/> of them are enough.</summary>
    public static bool TryParse(ReadOnlySpan<byte> start, long fileLength, out PeImage? value, out ParseError error)
    {
        value = null;
        start = start[..(int)Math.Min(Math.Min(start.Length, LongestHeaders), Math.Max(fileLength, 0))];
        if (start.Length < PeFields.DosHeaderSize || !start.StartsWith("MZ"u8))
        {
            error = new("no DOS header");
            return false;
        }

        var reader = new SpanReader(start);
        reader.Skip(PeFields.Lfanew);
        uint lfanew = reader.U32();
        if (lfanew < PeFields.DosHeaderSize || lfanew >= start.Length)
        {
            error = new($"PE header at {lfanew}, outside the first {start.Length} bytes");
            return false;
        }

        int fileHeader = (int)lfanew + PeFields.SignatureSize;
        reader = new SpanReader(start[(int)lfanew..]);
        ReadOnlySpan<byte> signature = reader.Bytes(PeFields.SignatureSize);
        ushort machine = reader.U16();
        ushort sectionCount = reader.U16();
        reader.Skip(12);
        ushort optionalHeaderSize = reader.U16();
        reader.Skip(2);
        ushort magic = reader.U16();
        reader.Skip(6);
        uint sizeOfInitializedData = reader.U32();
        reader.Skip(20);
        uint sectionAlignment = reader.U32();
        uint fileAlignment = reader.U32();
        reader.Skip(16);
        uint sizeOfImage = reader.U32();
        uint sizeOfHeaders = reader.U32();
        uint checkSum = reader.U32();
        ushort subsystem = reader.U16();
        ushort dllCharacteristics = reader.U16();
        reader.Skip(36);
        uint directories = reader.U32();
        error = reader.Overrun ? new("headers cut short")
            : !signature.SequenceEqual("PE\0\0"u8) ? new("no PE signature")
            : magic != PeFields.MagicPe32Plus ? new($"optional header magic 0x{magic:x}, only PE32+ (0x20b) is known")
            : sectionCount is 0 or > PeFields.MaximumSections ? new($"{sectionCount} sections, wanted 1 to {PeFields.MaximumSections}")
            : directories > PeFields.MaximumDirectories ? new($"{directories} data directories")
            : optionalHeaderSize < PeFields.OptionalHeaderFixedSize + (directories * PeFields.DirectorySize)
                ? new($"optional header of {optionalHeaderSize} bytes is too short for {directories} data directories")
            : !IsAlignment(fileAlignment, LargestFileAlignment) ? new($"file alignment {fileAlignment}")
            : !IsAlignment(sectionAlignment, LargestSectionAlignment) || sectionAlignment < fileAlignment
                ? new($"section alignment {sectionAlignment}, file alignment {fileAlignment}")
            : sizeOfHeaders > fileLength ? new($"headers of {sizeOfHeaders} bytes in a file of {fileLength}")
            : default;
        if (error.IsError)
        {
            return false;
        }

        int optionalHeader = fileHeader + PeFields.FileHeaderSize;
        int sectionTable = optionalHeader + optionalHeaderSize;
        int sectionTableSize = sectionCount * PeFields.SectionHeaderSize;
        if (sectionTable + sectionTableSize > start.Length || sectionTable + sectionTableSize > sizeOfHeaders)
        {
            error = new("section table past the end of the headers");
            return false;
        }

        bool hasCertificates = directories > PeFields.SecurityDirectory;
        FileRange certificates = default;
        if (hasCertificates)
        {
            reader = new SpanReader(start[(optionalHeader + PeFields.OptionalHeaderFixedSize)..sectionTable]);
            reader.Skip(PeFields.SecurityDirectory * PeFields.DirectorySize);
            var table = new FileRange(reader.U32(), reader.U32());
            certificates = table.Length == 0 ? default : table;
        }

        var sections = new PeSection[sectionCount];
        error = certificates.Length != 0 && (certificates.Offset < sizeOfHeaders || certificates.End > fileLength)
                ? new($"certificate table at {certificates.Offset}+{certificates.Length} in a file of {fileLength} bytes")
            : ReadSections(start.Slice(sectionTable, sectionTableSize), sections, fileLength, sizeOfHeaders, sizeOfImage);
        if (error.IsError)
        {
            return false;
        }

        value = new PeImage
        {
            FileLength = fileLength,
            Machine = machine,
            Subsystem = subsystem,
            DllCharacteristics = dllCharacteristics,
            SectionAlignment = sectionAlignment,
            FileAlignment = fileAlignment,
            SizeOfImage = sizeOfImage,
            SizeOfHeaders = sizeOfHeaders,
            SizeOfInitializedData = sizeOfInitializedData,
            CheckSum = checkSum,
            Sections = sections,
            CertificateTable = certificates,
            HasCertificateDirectory = hasCertificates,
            FileHeaderOffset = fileHeader,
            OptionalHeaderOffset = optionalHeader,
            SectionTableOffset = sectionTable,
        };
        return true;
    }

    private static ParseError ReadSections(
        ReadOnlySpan<byte> table, Span<PeSection> sections, long fileLength, uint sizeOfHeaders, uint sizeOfImage)
    {
        var reader = new SpanReader(table);
        long virtualEnd = 0;
        for (int i = 0; i < sections.Length; i++)
        {
            ReadOnlySpan<byte> name = reader.Bytes(PeFields.SectionNameSize).TrimEnd((byte)0);
            var section = new PeSection(
                Encoding.ASCII.GetString(name), reader.U32(), reader.U32(), reader.U32(), reader.U32(), LastField(ref reader));
            if (name.IsEmpty || name.ContainsAnyExceptInRange((byte)0x21, (byte)0x7e))
            {
                return new($"section {i}: its name is not printable ASCII");
            }

            if (section.VirtualAddress < virtualEnd || section.VirtualEnd > sizeOfImage)
            {
                return new($"section {i} ({section.Name}): virtual addresses overlap, descend or leave the image");
            }

            if (section.SizeOfRawData != 0 && (section.PointerToRawData < sizeOfHeaders || section.RawEnd > fileLength))
            {
                return new($"section {i} ({section.Name}): its data is outside the file");
            }

            for (int other = 0; other < i; other++)
            {
                if (section.PointerToRawData < sections[other].RawEnd && sections[other].PointerToRawData < section.RawEnd)
                {
                    return new($"section {i} ({section.Name}): its data overlaps that of {sections[other].Name}");
                }
            }

            sections[i] = section;
            virtualEnd = section.VirtualEnd;
        }

        return default;
    }

    /// <summary>Passes over relocations and line numbers, which an image has not, and reads the flags.</summary>
    private static uint LastField(ref SpanReader reader)
    {
        reader.Skip(12);
        return reader.U32();
    }

    private static bool IsAlignment(uint value, uint largest) =>
        value >= SmallestAlignment && value <= largest && BitOperations.IsPow2(value);
}
