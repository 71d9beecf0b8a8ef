using System;
using InitRuntime.Formats.FileSystems;

namespace InitRuntime.Formats.Luks2;

/// <summary>
/// The LUKS2 header of a device: the better of its two copies. A caller reads <see cref="FirstRead"/> bytes from the start of the
/// device, which is enough for what cryptsetup makes by default, and if that fails <see cref="LongestRead"/> bytes.
/// Source: LUKS2 specification, 2.
/// </summary>
/// <param name="Binary">The fixed part of the copy that counts.</param>
/// <param name="Metadata">Its JSON.</param>
/// <param name="IsSecondary">Whether it is the second copy.</param>
/// <param name="PrimaryProblem">Why the first copy does not count; no error if it is in order, though it may be older.</param>
/// <param name="SecondaryProblem">The same for the second copy.</param>
/// <param name="OtherSequenceId">The sequence id of the copy that does not count; null if it is not in order.</param>
public sealed record Luks2Header(
    Luks2BinaryHeader Binary,
    Luks2Metadata Metadata,
    bool IsSecondary,
    ParseError PrimaryProblem,
    ParseError SecondaryProblem,
    ulong? OtherSequenceId)
{
    /// <summary>Both copies of the usual size, in bytes.</summary>
    public const int FirstRead = 2 * Luks2BinaryHeader.MinimumHeaderSize;

    /// <summary>Both copies of the greatest size, in bytes.</summary>
    public const int LongestRead = 2 * Luks2BinaryHeader.MaximumHeaderSize;

    /// <summary>Of both copies and the keyslot areas behind them, in bytes.</summary>
    public ulong Length => (2 * (ulong)Binary.HeaderSize) + (ulong)Metadata.KeyslotsLength;

    /// <summary>Why the copy that does not count must be written anew: damaged or older; no error if both copies are the same.</summary>
    public ParseError OtherCopyProblem
    {
        get
        {
            ParseError problem = IsSecondary ? PrimaryProblem : SecondaryProblem;
            return !problem.IsError && OtherSequenceId != Binary.SequenceId
                ? new($"older: sequence id {OtherSequenceId}, the other copy has {Binary.SequenceId}")
                : problem;
        }
    }

    /// <summary>Whether bytes from the start of a device claim to be LUKS of any version, damaged or not.</summary>
    public static bool HasMagic(ReadOnlySpan<byte> device) =>
        device.Length >= Luks2BinaryHeader.PrimaryMagic.Length && device.StartsWith(Luks2BinaryHeader.PrimaryMagic);

    /// <summary>
    /// Reads both copies and takes the valid one, of two valid ones the one with the higher sequence id. While
    /// <paramref name="device"/> is shorter than the device and than <see cref="LongestRead"/>, an error or an
    /// <see cref="OtherCopyProblem"/> may only mean that more is needed.
    /// </summary>
    /// <param name="device">Bytes from the start of the device.</param>
    /// <param name="deviceLength">Of the whole device, in bytes: all ranges are checked against it.</param>
    /// <param name="value">The header.</param>
    /// <param name="error">What is wrong with each of the copies.</param>
    public static bool TryParse(ReadOnlySpan<byte> device, ulong deviceLength, out Luks2Header value, out ParseError error)
    {
        value = null!;
        ParseError primaryError = TryCopy(device, 0, deviceLength, out Luks2BinaryHeader primary, out Luks2Metadata primaryMetadata);
        ParseError secondaryError = primaryError.IsError
            ? FindSecondary(device, deviceLength, out Luks2BinaryHeader secondary, out Luks2Metadata secondaryMetadata)
            : TryCopy(device, primary.HeaderSize, deviceLength, out secondary, out secondaryMetadata);
        if (primaryError.IsError && secondaryError.IsError)
        {
            error = new($"first copy: {primaryError}; second copy: {secondaryError}");
            return false;
        }

        bool second = primaryError.IsError || (!secondaryError.IsError && secondary.SequenceId > primary.SequenceId);
        value = second
            ? new(secondary, secondaryMetadata, true, primaryError, default, primaryError.IsError ? null : primary.SequenceId)
            : new(primary, primaryMetadata, false, default, secondaryError, secondaryError.IsError ? null : secondary.SequenceId);
        error = default;
        return true;
    }

    /// <summary>
    /// Whether something else than a damaged first copy stands in its place: another volume's header, a file system, anything that is
    /// known by its magic. Then the second copy is what was left when the device got other content, and must neither be opened nor
    /// repaired. Bytes that say nothing are damage, as for cryptsetup.
    /// </summary>
    /// <param name="device">The bytes that the header was read from.</param>
    public bool HasForeignStart(ReadOnlySpan<byte> device)
    {
        ReadOnlySpan<byte> start = device[..Luks2BinaryHeader.Length];
        return PrimaryProblem.IsError
            && start.ContainsAnyExcept((byte)0)
            && (Luks2BinaryHeader.UuidIn(start) is { } uuid ? uuid != Binary.Uuid : !Luks2BinaryHeader.IsPrimary(start) && IsKnown(device));
    }

    private static bool IsKnown(ReadOnlySpan<byte> device) =>
        FileSystemSuperblock.TryFind(device, out _, out ParseError broken) || broken.IsError || HasMagic(device)
        || FileSystemSuperblock.TryNameOther(device) is not (null or "LUKS");

    /// <summary>Looks for the second copy where it can stand: behind a first one of each size.</summary>
    private static ParseError FindSecondary(
        ReadOnlySpan<byte> device, ulong deviceLength, out Luks2BinaryHeader binary, out Luks2Metadata metadata)
    {
        ParseError first = default;
        for (int offset = Luks2BinaryHeader.MinimumHeaderSize; offset <= Luks2BinaryHeader.MaximumHeaderSize; offset *= 2)
        {
            ParseError error = TryCopy(device, offset, deviceLength, out binary, out metadata);
            if (!error.IsError)
            {
                return default;
            }

            // The most telling reason is that of the place where at least the magic is.
            bool claimed = device.Length > offset && device[offset..].StartsWith(Luks2BinaryHeader.SecondaryMagic);
            first = claimed || !first.IsError ? error : first;
            if (claimed)
            {
                break;
            }
        }

        binary = default;
        metadata = null!;
        return first;
    }

    private static ParseError TryCopy(
        ReadOnlySpan<byte> device, int offset, ulong deviceLength, out Luks2BinaryHeader binary, out Luks2Metadata metadata)
    {
        metadata = null!;
        ReadOnlySpan<byte> copy = offset < device.Length ? device[offset..] : default;
        if (!Luks2BinaryHeader.TryParse(copy, (ulong)offset, out binary, out ParseError error))
        {
            return error;
        }

        if (copy.Length < binary.HeaderSize)
        {
            return new("cut short");
        }

        copy = copy[..binary.HeaderSize];
        error = Luks2Checksum.Check(copy, binary.ChecksumAlgorithm);
        if (error.IsError)
        {
            return error;
        }

        Luks2MetadataReader.TryParse(copy[Luks2BinaryHeader.Length..], binary.HeaderSize, deviceLength, out metadata, out error);
        return error;
    }
}
