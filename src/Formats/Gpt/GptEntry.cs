using System;
using System.Buffers.Binary;

namespace InitRuntime.Formats.Gpt;

/// <summary>One entry of a table's array. Source: UEFI 2.10 table 5.6, little endian; GUIDs are in their mixed-endian form.</summary>
internal static class GptEntry
{
    private const int GuidSize = 16;
    private const int IdAt = 16;
    private const int FirstSectorAt = 32;
    private const int LastSectorAt = 40;
    private const int AttributesAt = 48;
    private const int LabelAt = 56;

    /// <summary>Reads an entry; <paramref name="value"/> is null when it is not in use.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> entry, int number, out Partition? value, out ParseError error)
    {
        value = null;
        error = default;
        var type = new Guid(entry[..GuidSize]);
        if (type == Guid.Empty)
        {
            return true;
        }

        ulong first = BinaryPrimitives.ReadUInt64LittleEndian(entry[FirstSectorAt..]);
        ulong last = BinaryPrimitives.ReadUInt64LittleEndian(entry[LastSectorAt..]);
        if (first > long.MaxValue || last >= long.MaxValue)
        {
            error = new($"partition {number}: sectors {first} to {last}");
            return false;
        }

        value = new Partition
        {
            Number = number,
            Label = ReadLabel(entry[LabelAt..]),
            Type = type,
            Id = new Guid(entry.Slice(IdAt, GuidSize)),
            FirstSector = (long)first,
            LastSector = (long)last,
            Attributes = (PartitionAttributes)BinaryPrimitives.ReadUInt64LittleEndian(entry[AttributesAt..]),
        };
        return true;
    }

    internal static void Write(Partition partition, Span<byte> entry)
    {
        partition.Type.TryWriteBytes(entry);
        partition.Id.TryWriteBytes(entry[IdAt..]);
        BinaryPrimitives.WriteInt64LittleEndian(entry[FirstSectorAt..], partition.FirstSector);
        BinaryPrimitives.WriteInt64LittleEndian(entry[LastSectorAt..], partition.LastSector);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[AttributesAt..], (ulong)partition.Attributes);
        for (int i = 0; i < partition.Label.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(entry[(LabelAt + (i * sizeof(char)))..], partition.Label[i]);
        }
    }

    private static string ReadLabel(ReadOnlySpan<byte> field)
    {
        Span<char> label = stackalloc char[Partition.MaximumLabelLength];
        for (int i = 0; i < label.Length; i++)
        {
            label[i] = (char)BinaryPrimitives.ReadUInt16LittleEndian(field[(i * sizeof(char))..]);
        }

        int end = label.IndexOf('\0');
        return new string(end < 0 ? label : label[..end]);
    }
}
