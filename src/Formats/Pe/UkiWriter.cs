using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace InitRuntime.Formats.Pe;

/// <summary>
/// Makes a unified kernel image: a systemd-stub with payload sections behind its own. Same input, same bytes. A payload whose
/// name the stub already has (<c>.sbat</c>) takes the place of that section's content; all others become new sections, in the
/// order given, loaded at the next multiple of the section alignment.
/// </summary>
public static class UkiWriter
{
    private const uint SmallestFileAlignment = 512;
    private const uint SmallestSectionAlignment = 4096;

    /// <summary>Writes the image to <paramref name="output"/>, which can seek and is empty.</summary>
    /// <param name="stub">The stub's file: unsigned, with no data behind its last section.</param>
    /// <param name="payloads">The sections.</param>
    /// <param name="nxCompatible">
    /// False takes the stub's NX_COMPAT flag away: firmware wants it to be the same for the stub and the kernel in it.
    /// </param>
    /// <param name="output">Where the image goes.</param>
    /// <param name="error">Why there is none; then the output holds nothing of use.</param>
    public static bool TryWrite(
        ReadOnlySpan<byte> stub, IReadOnlyList<UkiPayload> payloads, bool nxCompatible, Stream output, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(payloads);
        ArgumentNullException.ThrowIfNull(output);
        if (!PeImage.TryParse(stub, out PeImage? image, out error))
        {
            error = new($"the stub is no PE image: {error}");
            return false;
        }

        error = CheckStub(image!);
        error = error.IsError ? error : CheckPayloads(payloads);
        if (error.IsError)
        {
            return false;
        }

        byte[] head = stub.ToArray();
        var added = new List<UkiPayload>();
        uint initializedData = image!.SizeOfInitializedData;
        foreach (UkiPayload payload in payloads)
        {
            int own = IndexOf(image.Sections, payload.Name);
            if (own < 0)
            {
                added.Add(payload);
                continue;
            }

            error = ReplaceContent(head, image, own, payload, ref initializedData);
            if (error.IsError)
            {
                return false;
            }
        }

        error = AddHeaders(head, image, added, nxCompatible, initializedData);
        return !error.IsError && WriteAll(head, image, added, output, out error);
    }

    private static ParseError CheckStub(PeImage stub)
    {
        if (stub.CertificateTable.Length != 0)
        {
            return new("the stub is signed; a UKI is made from an unsigned one");
        }

        if (stub.Subsystem != PeImage.EfiApplication || !stub.HasCertificateDirectory)
        {
            return new("the stub is no EFI application that can be signed");
        }

        if (stub.FileAlignment < SmallestFileAlignment || stub.SectionAlignment < SmallestSectionAlignment)
        {
            return new($"the stub's alignments are too small: {stub.FileAlignment} in the file, {stub.SectionAlignment} in memory");
        }

        if (!Authenticode.TryLayout(stub, out _, out ParseError error))
        {
            return new($"the stub cannot be signed: {error}");
        }

        long end = 0;
        foreach (PeSection section in stub.Sections)
        {
            end = Math.Max(end, section.RawEnd);
        }

        return end != stub.FileLength || end % stub.FileAlignment != 0
            ? new("the stub has data behind its last section, or is not aligned")
            : default;
    }

    private static ParseError CheckPayloads(IReadOnlyList<UkiPayload> payloads)
    {
        var names = new HashSet<string>();
        foreach (UkiPayload payload in payloads)
        {
            if (payload.Name.Length is 0 or > PeFields.SectionNameSize || payload.Name.AsSpan().ContainsAnyExceptInRange('!', '~'))
            {
                return new($"\"{payload.Name}\" cannot be a section's name: 1 to {PeFields.SectionNameSize} printable ASCII characters");
            }

            if (!names.Add(payload.Name))
            {
                return new($"section {payload.Name} is given twice");
            }

            if (payload.Length is <= 0 or > int.MaxValue)
            {
                return new($"section {payload.Name} has {payload.Length} bytes, wanted 1 to {int.MaxValue}");
            }
        }

        return default;
    }

    /// <summary>Puts a payload in the place of a section that the stub has.</summary>
    private static ParseError ReplaceContent(byte[] head, PeImage stub, int index, UkiPayload payload, ref uint initializedData)
    {
        PeSection section = stub.Sections[index];
        long room = index + 1 < stub.Sections.Count
            ? Math.Min(section.SizeOfRawData, stub.Sections[index + 1].VirtualAddress - section.VirtualAddress)
            : section.SizeOfRawData;
        if (payload.Length > room)
        {
            return new($"section {payload.Name} of {payload.Length} bytes does not fit into the stub's own of {room}");
        }

        Span<byte> place = head.AsSpan((int)section.PointerToRawData, (int)section.SizeOfRawData);
        place.Clear();
        using Stream content = payload.Open();
        int count = content.ReadAtLeast(place[..(int)payload.Length], (int)payload.Length, throwOnEndOfStream: false);
        if (count != payload.Length || content.ReadByte() >= 0)
        {
            return LengthChanged(payload);
        }

        int header = stub.SectionTableOffset + (index * PeFields.SectionHeaderSize);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(header + PeFields.SectionNameSize), (uint)payload.Length);
        initializedData = (uint)(initializedData - Math.Min(section.VirtualSize, initializedData) + payload.Length);
        return default;
    }

    /// <summary>Writes the rows of the new sections, and all header fields that follow from them; the checksum is left zero.</summary>
    private static ParseError AddHeaders(byte[] head, PeImage stub, List<UkiPayload> added, bool nxCompatible, uint initializedData)
    {
        int table = stub.SectionTableOffset + (stub.Sections.Count * PeFields.SectionHeaderSize);
        int room = ((int)stub.SizeOfHeaders - table) / PeFields.SectionHeaderSize;
        if (added.Count > room || stub.Sections.Count + added.Count > PeFields.MaximumSections)
        {
            return new($"the stub's header has room for {room} more sections, {added.Count} are wanted");
        }

        long position = head.Length;
        long address = LastVirtualEnd(head, stub);
        long total = initializedData;
        foreach (UkiPayload payload in added)
        {
            address = RoundUp(address, stub.SectionAlignment);
            long rawSize = RoundUp(payload.Length, stub.FileAlignment);
            if (address + payload.Length > uint.MaxValue - stub.SectionAlignment || position + rawSize > uint.MaxValue)
            {
                return new($"section {payload.Name} does not fit: a PE image ends at 4 GiB");
            }

            Span<byte> row = head.AsSpan(table, PeFields.SectionHeaderSize);
            row.Clear();
            Encoding.ASCII.GetBytes(payload.Name, row);
            BinaryPrimitives.WriteUInt32LittleEndian(row[8..], (uint)payload.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(row[12..], (uint)address);
            BinaryPrimitives.WriteUInt32LittleEndian(row[16..], (uint)rawSize);
            BinaryPrimitives.WriteUInt32LittleEndian(row[20..], (uint)position);
            BinaryPrimitives.WriteUInt32LittleEndian(row[36..], PeFields.ScnCntInitializedData | PeFields.ScnMemRead);
            table += PeFields.SectionHeaderSize;
            position += rawSize;
            address += payload.Length;
            total += payload.Length;
        }

        Span<byte> fileHeader = head.AsSpan(stub.FileHeaderOffset);
        Span<byte> optionalHeader = head.AsSpan(stub.OptionalHeaderOffset);
        BinaryPrimitives.WriteUInt16LittleEndian(fileHeader[PeFields.NumberOfSections..], (ushort)(stub.Sections.Count + added.Count));
        BinaryPrimitives.WriteUInt32LittleEndian(optionalHeader[PeFields.SizeOfInitializedData..], (uint)Math.Min(total, uint.MaxValue));
        BinaryPrimitives.WriteUInt32LittleEndian(optionalHeader[PeFields.SizeOfImage..], (uint)RoundUp(address, stub.SectionAlignment));
        BinaryPrimitives.WriteUInt32LittleEndian(optionalHeader[PeFields.CheckSum..], 0);
        ushort characteristics = nxCompatible ? stub.DllCharacteristics : (ushort)(stub.DllCharacteristics & ~PeImage.NxCompatible);
        BinaryPrimitives.WriteUInt16LittleEndian(optionalHeader[PeFields.DllCharacteristics..], characteristics);
        return default;
    }

    private static bool WriteAll(byte[] head, PeImage stub, List<UkiPayload> added, Stream output, out ParseError error)
    {
        var checksum = default(PeChecksum);
        checksum.Add(head);
        output.Write(head);
        var buffer = new byte[128 * 1024];
        foreach (UkiPayload payload in added)
        {
            using Stream content = payload.Open();
            long left = payload.Length;
            while (left > 0)
            {
                int count = content.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
                if (count == 0)
                {
                    break;
                }

                checksum.Add(buffer.AsSpan(0, count));
                output.Write(buffer, 0, count);
                left -= count;
            }

            if (left > 0 || content.ReadByte() >= 0)
            {
                error = LengthChanged(payload);
                return false;
            }

            Span<byte> padding = buffer.AsSpan(0, (int)(RoundUp(payload.Length, stub.FileAlignment) - payload.Length));
            padding.Clear();
            checksum.Add(padding);
            output.Write(padding);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(buffer, checksum.Value);
        output.Position = stub.CheckSumOffset;
        output.Write(buffer, 0, PeFields.CheckSumSize);
        output.Position = output.Length;
        error = default;
        return true;
    }

    /// <summary>Where the stub's own sections end in memory, after a section of it may have got another content.</summary>
    private static long LastVirtualEnd(byte[] head, PeImage stub)
    {
        int last = stub.SectionTableOffset + ((stub.Sections.Count - 1) * PeFields.SectionHeaderSize);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(last + PeFields.SectionNameSize));
        return Math.Max(stub.Sections[^1].VirtualAddress + (long)size, stub.SizeOfHeaders);
    }

    private static int IndexOf(IReadOnlyList<PeSection> sections, string name)
    {
        for (int i = 0; i < sections.Count; i++)
        {
            if (sections[i].Name == name)
            {
                return i;
            }
        }

        return -1;
    }

    private static ParseError LengthChanged(UkiPayload payload) =>
        new($"section {payload.Name}: its source has not the {payload.Length} bytes it said");

    private static long RoundUp(long value, uint alignment) => (value + alignment - 1) / alignment * alignment;
}
