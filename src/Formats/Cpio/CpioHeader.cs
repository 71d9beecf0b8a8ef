using System;
using System.Buffers;
using System.Globalization;

namespace InitRuntime.Formats.Cpio;

/// <summary>
/// The 110 characters in front of each member: a magic and 13 numbers of 8 hex digits. Source: cpio(5), "New ASCII Format", and
/// Documentation/driver-api/early-userspace/buffer-format.rst.
/// </summary>
internal readonly record struct CpioHeader
{
    internal const int Size = 110;

    /// <summary>What header and name, and then the content, are padded to, in bytes.</summary>
    internal const int Alignment = 4;

    /// <summary>The longest name with its NUL, in bytes: PATH_MAX of linux/limits.h, beyond which the kernel skips a member.</summary>
    internal const int MaximumNameSize = 4096;

    internal const uint TypeMask = 0xf000;
    internal const uint CharacterDevice = 0x2000;
    internal const uint Directory = 0x4000;
    internal const uint BlockDevice = 0x6000;
    internal const uint File = 0x8000;
    internal const uint SymbolicLink = 0xa000;
    internal const uint PermissionMask = 0xfff;

    private static readonly SearchValues<byte> _hexDigits = SearchValues.Create("0123456789abcdefABCDEF"u8);

    private const int MagicLength = 6;
    private const int DigitsLength = 8;

    internal static ReadOnlySpan<byte> TrailerName => "TRAILER!!!"u8;

    internal required CpioFormat Format { get; init; }

    internal uint Inode { get; init; }

    internal uint Mode { get; init; }

    internal uint Links { get; init; }

    internal uint UserId { get; init; }

    internal uint GroupId { get; init; }

    internal uint ModifiedSeconds { get; init; }

    internal uint ContentLength { get; init; }

    internal uint DeviceMajor { get; init; }

    internal uint DeviceMinor { get; init; }

    /// <summary>With its NUL, in bytes.</summary>
    internal uint NameSize { get; init; }

    internal uint Check { get; init; }

    private static ReadOnlySpan<byte> NewcMagic => "070701"u8;

    private static ReadOnlySpan<byte> CrcMagic => "070702"u8;

    internal static bool TryParse(ReadOnlySpan<byte> bytes, out CpioHeader value, out ParseError error)
    {
        value = default;
        var reader = new SpanReader(bytes);
        ReadOnlySpan<byte> magic = reader.Bytes(MagicLength);
        bool crc = magic.SequenceEqual(CrcMagic);
        bool digits = true;
        uint inode = Number(ref reader, ref digits);
        uint mode = Number(ref reader, ref digits);
        uint userId = Number(ref reader, ref digits);
        uint groupId = Number(ref reader, ref digits);
        uint links = Number(ref reader, ref digits);
        uint modified = Number(ref reader, ref digits);
        uint contentLength = Number(ref reader, ref digits);
        Number(ref reader, ref digits);
        Number(ref reader, ref digits);
        uint major = Number(ref reader, ref digits);
        uint minor = Number(ref reader, ref digits);
        uint nameSize = Number(ref reader, ref digits);
        uint check = Number(ref reader, ref digits);
        error = reader.Overrun ? new("cut short")
            : !crc && !magic.SequenceEqual(NewcMagic) ? new("no newc magic")
            : !digits ? new("a header field is not 8 hex digits")
            : nameSize is < 2 or > MaximumNameSize ? new($"name of {nameSize} bytes, wanted 2 to {MaximumNameSize}")
            : default;
        if (error.IsError)
        {
            return false;
        }

        value = new CpioHeader
        {
            Format = crc ? CpioFormat.Crc : CpioFormat.Newc,
            Inode = inode,
            Mode = mode,
            Links = links,
            UserId = userId,
            GroupId = groupId,
            ModifiedSeconds = modified,
            ContentLength = contentLength,
            DeviceMajor = major,
            DeviceMinor = minor,
            NameSize = nameSize,
            Check = check,
        };
        return true;
    }

    internal void Write(Span<byte> bytes)
    {
        (Format == CpioFormat.Crc ? CrcMagic : NewcMagic).CopyTo(bytes);
        ReadOnlySpan<uint> fields =
        [
            Inode, Mode, UserId, GroupId, Links, ModifiedSeconds, ContentLength, 0, 0, DeviceMajor, DeviceMinor, NameSize, Check,
        ];
        for (int i = 0; i < fields.Length; i++)
        {
            fields[i].TryFormat(bytes[(MagicLength + (i * DigitsLength))..], out _, "X8", CultureInfo.InvariantCulture);
        }
    }

    /// <summary>How many zero bytes follow something of this length.</summary>
    internal static int Padding(long length) => (int)(-length & (Alignment - 1));

    private static uint Number(ref SpanReader reader, ref bool digits)
    {
        ReadOnlySpan<byte> text = reader.Bytes(DigitsLength);
        if (text.Length != DigitsLength || text.ContainsAnyExcept(_hexDigits))
        {
            digits = false;
            return 0;
        }

        return uint.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
