using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Json;

namespace InitRuntime.Formats.Luks2;

/// <summary>
/// Bytes for a header's copies, as regions to be written in their order with a sync after each: then a power cut leaves one valid
/// copy at any moment. What is not asked for stays byte by byte as it was. Source: LUKS2 specification, 2.4.
/// </summary>
public static class Luks2HeaderWriter
{
    /// <summary>Length of one copy's salt, in bytes. It is no secret: it only makes each checksum differ.</summary>
    public const int SaltLength = Luks2BinaryHeader.SaltLength;

    /// <summary>The copy that is damaged or older, made again from the one that counts; null when both are in order.</summary>
    /// <param name="device">The bytes that the header was read from.</param>
    /// <param name="header">What was read.</param>
    /// <param name="salt"><see cref="SaltLength"/> random bytes.</param>
    public static DiskRegion? Repair(ReadOnlySpan<byte> device, Luks2Header header, ReadOnlySpan<byte> salt)
    {
        ArgumentNullException.ThrowIfNull(header);
        Luks2BinaryHeader binary = header.Binary;
        return header.OtherCopyProblem.IsError
            ? Copy(Current(device, header), binary.ChecksumAlgorithm, header.IsSecondary ? 0 : binary.HeaderSize, binary.SequenceId, salt)
            : null;
    }

    /// <summary>Both copies with other tokens, the copy that does not count first.</summary>
    /// <param name="device">The bytes that the header was read from.</param>
    /// <param name="deviceLength">Of the whole device, in bytes.</param>
    /// <param name="header">What was read.</param>
    /// <param name="changes">At most one for a token.</param>
    /// <param name="salts">Random bytes for both copies: twice <see cref="SaltLength"/>.</param>
    /// <param name="regions">What to write.</param>
    /// <param name="error">Why not: no room for the JSON, or a token that cannot be in this header.</param>
    public static bool TryChangeTokens(
        ReadOnlySpan<byte> device,
        ulong deviceLength,
        Luks2Header header,
        IReadOnlyList<TokenChange> changes,
        ReadOnlySpan<byte> salts,
        out DiskRegion[] regions,
        out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(changes);
        foreach (TokenChange change in changes)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(change.Number, nameof(changes));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(change.Number, Luks2Token.Maximum, nameof(changes));
        }

        regions = [];
        if (!TryTokens(header.Metadata, changes, out byte[] tokens, out error))
        {
            return false;
        }

        ReadOnlySpan<byte> text = Text(Current(device, header));
        (int start, int end) = FindTokens(text);
        return TryRewrite(device, deviceLength, header, [.. text[..start], .. tokens, .. text[end..]], salts, out regions, out error);
    }

    /// <summary>
    /// Both copies of a header whose encryption in place is done but for the header itself; false with no error when it is not in
    /// that state.
    /// </summary>
    /// <param name="device">The bytes that the header was read from.</param>
    /// <param name="deviceLength">Of the whole device, in bytes.</param>
    /// <param name="header">What was read.</param>
    /// <param name="salts">Random bytes for both copies: twice <see cref="SaltLength"/>.</param>
    /// <param name="moved">Plain data of the device that must be overwritten before; null if there are none.</param>
    /// <param name="regions">What to write, the copy that does not count first.</param>
    /// <param name="error">Why not.</param>
    public static bool TryEndEncryption(
        ReadOnlySpan<byte> device, ulong deviceLength, Luks2Header header, ReadOnlySpan<byte> salts, out Luks2Segment? moved,
        out DiskRegion[] regions, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(header);
        regions = [];
        error = default;
        return Luks2EncryptionEnd.TryEnd(header.Metadata, Text(Current(device, header)).ToArray(), out moved, out byte[] ended)
            && TryRewrite(device, deviceLength, header, ended, salts, out regions, out error);
    }

    /// <summary>Both copies with another JSON text, once that is read and found in order.</summary>
    private static bool TryRewrite(
        ReadOnlySpan<byte> device, ulong deviceLength, Luks2Header header, byte[] changed, ReadOnlySpan<byte> salts,
        out DiskRegion[] regions, out ParseError error)
    {
        regions = [];
        byte[] copy = Current(device, header).ToArray();
        Span<byte> area = copy.AsSpan(Luks2BinaryHeader.Length);
        error = changed.Length >= area.Length
                ? new($"the JSON would have {changed.Length} bytes, the header has room for {area.Length - 1}")
            : header.Binary.SequenceId == ulong.MaxValue ? new("its sequence id cannot grow")
            : default;
        if (error.IsError)
        {
            return false;
        }

        area.Clear();
        changed.CopyTo(area);
        if (!Luks2MetadataReader.TryParse(area, header.Binary.HeaderSize, deviceLength, out _, out error))
        {
            return false;
        }

        string checksum = header.Binary.ChecksumAlgorithm;
        ulong sequenceId = header.Binary.SequenceId + 1;
        DiskRegion first = Copy(copy, checksum, 0, sequenceId, salts[..SaltLength]);
        DiskRegion second = Copy(copy, checksum, header.Binary.HeaderSize, sequenceId, salts[SaltLength..]);
        regions = header.IsSecondary ? [first, second] : [second, first];
        return true;
    }

    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> copy)
    {
        ReadOnlySpan<byte> area = copy[Luks2BinaryHeader.Length..];
        return area[..area.IndexOf((byte)0)];
    }

    private static ReadOnlySpan<byte> Current(ReadOnlySpan<byte> device, Luks2Header header) =>
        device.Slice(header.IsSecondary ? header.Binary.HeaderSize : 0, header.Binary.HeaderSize);

    private static DiskRegion Copy(ReadOnlySpan<byte> from, string checksum, int offset, ulong sequenceId, ReadOnlySpan<byte> salt)
    {
        byte[] copy = from.ToArray();
        Luks2BinaryHeader.Rewrite(copy, offset, sequenceId, salt);
        Luks2Checksum.Write(copy, checksum);
        return new(offset, copy);
    }

    /// <summary>The <c>tokens</c> member's new value: tokens that stay are copied as the text they are.</summary>
    private static bool TryTokens(Luks2Metadata metadata, IReadOnlyList<TokenChange> changes, out byte[] tokens, out ParseError error)
    {
        tokens = [];
        error = default;
        using var text = new MemoryStream();
        text.WriteByte((byte)'{');
        for (int number = 0; number < Luks2Token.Maximum; number++)
        {
            byte[]? json = Array.Find(metadata.Tokens, token => token.Number == number)?.Json;
            foreach (TokenChange change in changes)
            {
                json = change.Number == number ? change.Json : json;
            }

            // A new one is spliced in as text: it must be one object and nothing behind it.
            if (json is not null && !JsonFields.TryRead(json, $"token {number}", static _ => true, out _, out error))
            {
                return false;
            }

            if (json is not null)
            {
                text.Write(Encoding.ASCII.GetBytes($"{(text.Length > 1 ? "," : "")}\"{number}\":"));
                text.Write(json);
            }
        }

        text.WriteByte((byte)'}');
        tokens = text.ToArray();
        return true;
    }

    /// <summary>Where the value of the <c>tokens</c> member stands; the text was read before, so it has one.</summary>
    private static (int Start, int End) FindTokens(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool found = reader.ValueTextEquals("tokens"u8);
            reader.Read();
            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (found)
            {
                return (start, (int)reader.BytesConsumed);
            }
        }

        throw new InvalidOperationException("a header without tokens");
    }
}
