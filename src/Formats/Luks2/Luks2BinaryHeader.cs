using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using System.Text.Unicode;

namespace InitRuntime.Formats.Luks2;

/// <summary>The fixed first 4096 bytes of one header copy, big endian. Source: LUKS2 specification, 2.1.</summary>
/// <param name="HeaderSize">Of the whole copy with its JSON area, in bytes: 16 KiB to 4 MiB, a power of two.</param>
/// <param name="SequenceId">Grows with each change: the copy with the higher one is the newer.</param>
/// <param name="Label">Text from the disk: escape it before it meets a log or a path.</param>
/// <param name="Subsystem">A second label, likewise.</param>
/// <param name="ChecksumAlgorithm">The kernel's name of the digest over the copy.</param>
/// <param name="Uuid">The volume's UUID.</param>
public readonly record struct Luks2BinaryHeader(
    int HeaderSize, ulong SequenceId, string Label, string Subsystem, string ChecksumAlgorithm, Guid Uuid)
{
    /// <summary>Length of the fixed part, in bytes.</summary>
    public const int Length = 4096;

    /// <summary>The least size of a copy, in bytes.</summary>
    public const int MinimumHeaderSize = 16 << 10;

    /// <summary>The greatest size of a copy, in bytes.</summary>
    public const int MaximumHeaderSize = 4 << 20;

    /// <summary>Where the checksum stands, in bytes; while it is made there are zeros.</summary>
    internal const int ChecksumOffset = 0x1c0;

    /// <summary>Room for the checksum, in bytes.</summary>
    internal const int ChecksumLength = 64;

    /// <summary>Length of a copy's salt, in bytes: it only makes each checksum differ.</summary>
    internal const int SaltLength = 64;

    private const int SequenceIdOffset = 0x10;
    private const int SaltOffset = 0x68;
    private const int UuidOffset = 0xa8;
    private const int HeaderOffsetOffset = 0x100;
    private const int LabelLength = 48;
    private const int ChecksumNameLength = 32;
    private const int UuidLength = 40;

    // "LUKS" and "SKUL", each before 0xba 0xbe.
    internal static ReadOnlySpan<byte> PrimaryMagic => [0x4c, 0x55, 0x4b, 0x53, 0xba, 0xbe];

    internal static ReadOnlySpan<byte> SecondaryMagic => [0x53, 0x4b, 0x55, 0x4c, 0xba, 0xbe];

    /// <summary>Reads the fixed part of the copy that stands at <paramref name="offset"/> of the device; only 0 is the first copy's.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, ulong offset, out Luks2BinaryHeader value, out ParseError error)
    {
        value = default;
        var reader = new SpanReader(bytes);
        ReadOnlySpan<byte> magic = reader.Bytes(PrimaryMagic.Length);
        ushort version = reader.U16BigEndian();
        ulong headerSize = reader.U64BigEndian();
        ulong sequenceId = reader.U64BigEndian();
        ReadOnlySpan<byte> label = reader.Bytes(LabelLength);
        ReadOnlySpan<byte> checksumName = reader.Bytes(ChecksumNameLength);
        reader.Skip(SaltLength);
        ReadOnlySpan<byte> uuid = reader.Bytes(UuidLength);
        ReadOnlySpan<byte> subsystem = reader.Bytes(LabelLength);
        ulong headerOffset = reader.U64BigEndian();
        reader.Skip(Length - reader.Position);

        string labelText = "";
        string subsystemText = "";
        string checksumText = "";
        string uuidText = "";
        Guid parsedUuid = default;
        error = reader.Overrun ? new("cut short")
            : !magic.SequenceEqual(offset == 0 ? PrimaryMagic : SecondaryMagic) ? new("no LUKS magic")
            : version == 1 ? new("LUKS1, only LUKS2 is supported")
            : version != 2 ? new($"LUKS version {version}, only 2 is known")
            : headerSize is < MinimumHeaderSize or > MaximumHeaderSize || !BitOperations.IsPow2(headerSize) ? new($"header size {headerSize}")
            : headerOffset != offset ? new($"says it stands at byte {headerOffset}, but stands at {offset}")
            : offset != 0 && offset != headerSize ? new($"the second copy stands at byte {offset}, not behind a first one of {headerSize} bytes")
            : !TryText(label, out labelText) ? new("label is not text")
            : !TryText(subsystem, out subsystemText) ? new("subsystem is not text")
            : !TryText(checksumName, out checksumText) ? new("checksum algorithm is not text")
            : !TryText(uuid, out uuidText) || !Guid.TryParseExact(uuidText, "D", out parsedUuid) ? new("UUID is not a UUID")
            : default;
        if (error.IsError)
        {
            return false;
        }

        value = new((int)headerSize, sequenceId, labelText, subsystemText, checksumText, parsedUuid);
        return true;
    }

    /// <summary>
    /// Makes the fixed part of one copy into that of the copy which stands at <paramref name="offset"/>; the checksum is not made.
    /// All else stays, bytes that no one knows yet too.
    /// </summary>
    internal static void Rewrite(Span<byte> bytes, int offset, ulong sequenceId, ReadOnlySpan<byte> salt)
    {
        (offset == 0 ? PrimaryMagic : SecondaryMagic).CopyTo(bytes);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[SequenceIdOffset..], sequenceId);
        salt[..SaltLength].CopyTo(bytes[SaltOffset..]);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[HeaderOffsetOffset..], (ulong)offset);
    }

    /// <summary>Whether a copy begins as the first one of LUKS2 does.</summary>
    internal static bool IsPrimary(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith(PrimaryMagic) && BinaryPrimitives.ReadUInt16BigEndian(bytes[PrimaryMagic.Length..]) == 2;

    /// <summary>The UUID where a copy has it, whether the rest is in order or not.</summary>
    internal static Guid? UuidIn(ReadOnlySpan<byte> bytes) =>
        TryText(bytes.Slice(UuidOffset, UuidLength), out string text) && Guid.TryParseExact(text, "D", out Guid uuid) ? uuid : null;

    /// <summary>Text up to the first zero byte; the field must have one, as it is C's.</summary>
    private static bool TryText(ReadOnlySpan<byte> field, out string text)
    {
        int end = field.IndexOf((byte)0);
        text = end >= 0 && Utf8.IsValid(field[..end]) ? Encoding.UTF8.GetString(field[..end]) : "";
        return text.Length > 0 || end == 0;
    }
}
