using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;

namespace InitRuntime.Formats.Fat;

/// <summary>A file or directory of the root directory.</summary>
/// <param name="Name">Its long name, or its short one when it has no other.</param>
/// <param name="ShortName">Its 8.3 name.</param>
/// <param name="IsDirectory">Whether it is a directory.</param>
/// <param name="Length">Of a file, in bytes.</param>
/// <param name="FirstCluster">Where it begins; 0 for an empty file.</param>
public sealed record FatEntry(string Name, string ShortName, bool IsDirectory, uint Length, uint FirstCluster)
{
    private const int NameLength = 8;
    private const int ExtensionLength = 3;
    private const int AttributesAt = 11;
    private const int CaseAt = 12;
    private const int CheckAt = 13;
    private const int ClusterHighAt = 20;
    private const int ClusterLowAt = 26;
    private const int LengthAt = 28;

    private const byte End = 0x00;
    private const byte Deleted = 0xe5;
    private const byte EscapedDeleted = 0x05;
    private const byte VolumeLabel = 0x08;
    private const byte Directory = 0x10;
    private const byte LongName = 0x0f;
    private const byte AttributesMask = 0x3f;
    private const byte LowerCaseName = 0x08;
    private const byte LowerCaseExtension = 0x10;

    private const byte LastPart = 0x40;
    private const byte PartMask = 0x3f;
    private const int MaximumParts = 20;
    private const int PartLength = 13;

    /// <summary>The places of the 13 UTF-16 units in a part of a long name.</summary>
    private static ReadOnlySpan<byte> PartUnits => [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];

    /// <summary>Whether either name is this one; upper and lower case are equal.</summary>
    public bool IsNamed(string name) =>
        Name.Equals(name, StringComparison.OrdinalIgnoreCase) || ShortName.Equals(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// All entries of a directory's bytes, up to its end mark. A long name whose parts do not belong together is left out, as
    /// everywhere: its entry then goes by the short one.
    /// </summary>
    internal static List<FatEntry> ParseAll(ReadOnlySpan<byte> directory)
    {
        var entries = new List<FatEntry>();
        Span<char> units = stackalloc char[MaximumParts * PartLength];
        int parts = 0;
        int expected = 0;
        byte check = 0;
        for (; directory.Length >= FatGeometry.EntrySize && directory[0] != End; directory = directory[FatGeometry.EntrySize..])
        {
            ReadOnlySpan<byte> raw = directory[..FatGeometry.EntrySize];
            byte attributes = (byte)(raw[AttributesAt] & AttributesMask);
            if (raw[0] == Deleted)
            {
                expected = -1;
            }
            else if (attributes == LongName)
            {
                int part = raw[0] & PartMask;
                if ((raw[0] & LastPart) != 0 && part is >= 1 and <= MaximumParts)
                {
                    parts = part;
                    expected = part;
                    check = raw[CheckAt];
                }

                expected = part == expected && part >= 1 && raw[CheckAt] == check ? part - 1 : -1;
                for (int i = 0; expected >= 0 && i < PartLength; i++)
                {
                    units[((part - 1) * PartLength) + i] = (char)BinaryPrimitives.ReadUInt16LittleEndian(raw[PartUnits[i]..]);
                }
            }
            else
            {
                if ((attributes & VolumeLabel) == 0)
                {
                    bool hasLongName = parts > 0 && expected == 0 && check == CheckOf(raw[..(NameLength + ExtensionLength)]);
                    entries.Add(Parse(raw, hasLongName ? units[..(parts * PartLength)] : default));
                }

                parts = 0;
                expected = -1;
            }
        }

        return entries;
    }

    private static FatEntry Parse(ReadOnlySpan<byte> raw, ReadOnlySpan<char> longName)
    {
        int end = longName.IndexOf('\0');
        longName = end < 0 ? longName : longName[..end];
        string shortName = ReadShortName(raw);
        uint clusterHigh = BinaryPrimitives.ReadUInt16LittleEndian(raw[ClusterHighAt..]);
        uint clusterLow = BinaryPrimitives.ReadUInt16LittleEndian(raw[ClusterLowAt..]);
        return new FatEntry(
            longName.IsEmpty ? shortName : new string(longName),
            shortName,
            (raw[AttributesAt] & Directory) != 0,
            BinaryPrimitives.ReadUInt32LittleEndian(raw[LengthAt..]),
            (clusterHigh << 16) | clusterLow);
    }

    private static string ReadShortName(ReadOnlySpan<byte> raw)
    {
        Span<byte> bytes = stackalloc byte[NameLength + ExtensionLength];
        raw[..bytes.Length].CopyTo(bytes);
        bytes[0] = bytes[0] == EscapedDeleted ? Deleted : bytes[0];
        string name = Encoding.Latin1.GetString(bytes[..NameLength]).TrimEnd(' ');
        string extension = Encoding.Latin1.GetString(bytes[NameLength..]).TrimEnd(' ');
        name = (raw[CaseAt] & LowerCaseName) == 0 ? name : name.ToLowerInvariant();
        extension = (raw[CaseAt] & LowerCaseExtension) == 0 ? extension : extension.ToLowerInvariant();
        return extension.Length == 0 ? name : $"{name}.{extension}";
    }

    /// <summary>The sum of a short name that ties the parts of the long one to it.</summary>
    private static byte CheckOf(ReadOnlySpan<byte> shortName)
    {
        byte sum = 0;
        foreach (byte b in shortName)
        {
            sum = unchecked((byte)(((sum & 1) << 7) + (sum >> 1) + b));
        }

        return sum;
    }
}
