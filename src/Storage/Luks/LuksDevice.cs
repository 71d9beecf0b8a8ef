using System;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using InitRuntime.Linux;
using InitRuntime.Storage.Devices;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Storage.Luks;

/// <summary>
/// A device with a LUKS2 header, or a header that was staged elsewhere, as it was when it was read. It exists only with at least
/// one copy in order, all of the header within the device, and a first boot state that is known.
/// </summary>
public sealed class LuksDevice
{
    private const int BlockLength = 4096;

    private LuksDevice(
        BlockDevice? device, string path, long offset, ulong lengthInBytes, Luks2Header header, FirstBootToken? firstBoot, byte[] copies)
    {
        Device = device;
        Path = path;
        Offset = offset;
        LengthInBytes = lengthInBytes;
        Header = header;
        FirstBoot = firstBoot;
        Copies = copies;
    }

    /// <summary>The device; null if the header was read from a place of its own by <see cref="TryReadAt"/>.</summary>
    public BlockDevice? Device { get; }

    /// <summary>The node or file that has the header.</summary>
    public string Path { get; }

    /// <summary>Where the header's first copy stands in it, in bytes; all offsets of the header count from there.</summary>
    public long Offset { get; }

    /// <summary>Of the device that the header is made for.</summary>
    public ulong LengthInBytes { get; }

    /// <summary>The header.</summary>
    public Luks2Header Header { get; }

    /// <summary>Our own token; null when the volume's first boot is finished, or the volume was never one of a first boot.</summary>
    public FirstBootToken? FirstBoot { get; }

    /// <summary>Whether the volume's first boot was begun and not finished.</summary>
    public bool IsFirstBootUnfinished => FirstBoot is not null;

    /// <summary>Whether an encryption of its data was begun and not finished: the volume cannot be opened, and never formatted.</summary>
    public bool IsReencryptionUnfinished => Header.Metadata.IsReencryptionUnfinished;

    /// <summary>The bytes of both copies.</summary>
    internal ReadOnlyMemory<byte> Copies { get; }

    /// <summary>Reads a device's header.</summary>
    /// <param name="device">A disk or partition.</param>
    /// <param name="error">
    /// Why there is a header that cannot be used; no error when there is none: no LUKS magic in the place of the first copy, and no
    /// second copy in order in any place where one can stand.
    /// </param>
    /// <returns>The header, or null.</returns>
    /// <exception cref="BootException">The device cannot be read there, so that nobody can tell.</exception>
    /// <exception cref="SyscallException">The device cannot be opened.</exception>
    public static LuksDevice? TryRead(BlockDevice device, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(device);
        using SafeFileHandle handle = KernelFile.Open(device.Path);
        long length = KernelFile.LengthOf(handle, device.Path);
        return TryRead(device, device.Path, 0, (ulong)length, length, Reader(handle, device.Path, 0), out error);
    }

    /// <summary>Reads a header that was staged in a file, or elsewhere on the partition that it is made for.</summary>
    /// <param name="path">The file or device.</param>
    /// <param name="offset">Where the header's first copy stands, in bytes.</param>
    /// <param name="deviceLength">Of the device that the header is made for, in bytes: all its ranges must lie within.</param>
    /// <param name="error">As for <see cref="TryRead(BlockDevice, out ParseError)"/>.</param>
    /// <returns>The header, or null.</returns>
    /// <exception cref="BootException">It cannot be read there, so that nobody can tell.</exception>
    /// <exception cref="SyscallException">The file cannot be opened.</exception>
    public static LuksDevice? TryReadAt(string path, long offset, ulong deviceLength, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        using SafeFileHandle handle = KernelFile.Open(path);
        long readable = Math.Max(0, KernelFile.LengthOf(handle, path) - offset);
        return TryRead(null, path, offset, deviceLength, readable, Reader(handle, path, offset), out error);
    }

    /// <inheritdoc cref="TryReadAt"/>
    /// <param name="device">The device, if it is one.</param>
    /// <param name="path">Its name for messages, and to be opened again.</param>
    /// <param name="offset">Where <paramref name="read"/> begins.</param>
    /// <param name="deviceLength">Of the device that the header is made for.</param>
    /// <param name="readable">How many bytes there are from the offset on.</param>
    /// <param name="read">Reads from the offset on; false where the device cannot.</param>
    /// <param name="error">As above.</param>
    internal static LuksDevice? TryRead(
        BlockDevice? device, string path, long offset, ulong deviceLength, long readable, ReadAt read, out ParseError error)
    {
        byte[] start = ReadStart(read, Math.Min(readable, Luks2Header.FirstRead), out bool isWhole);

        // A copy that seems damaged may be one that is longer than what was read so far.
        if (!Luks2Header.TryParse(start, deviceLength, out Luks2Header header, out error) || header.OtherCopyProblem.IsError)
        {
            start = ReadStart(read, Math.Min(readable, Luks2Header.LongestRead), out isWhole);
            if (!Luks2Header.TryParse(start, deviceLength, out header, out error))
            {
                error = !isWhole ? throw new BootException($"its start cannot be read: {error}", path, "the kernel's lines above say where")
                    : Luks2Header.HasMagic(start) ? error
                    : default;
                return null;
            }
        }

        int secondary = header.Binary.HeaderSize;
        FirstBootToken? firstBoot = null;
        error = header.HasForeignStart(start)
                ? new($"a second LUKS2 copy at byte {secondary} is in order, but something else stands where the first copy was")
            : header.Length > (ulong)readable ? new($"the LUKS2 header ends at byte {header.Length}, but there are only {readable} bytes")
            : default;
        return !error.IsError && FirstBootToken.TryFind(header.Metadata, out firstBoot, out error)
            ? new(device, path, offset, deviceLength, header, firstBoot, start[..(2 * secondary)])
            : null;
    }

    /// <summary>The same header as it is now: another program may have changed it.</summary>
    /// <exception cref="BootException">It is no longer there.</exception>
    public LuksDevice ReadAgain()
    {
        LuksDevice? now = Device is null ? TryReadAt(Path, Offset, LengthInBytes, out ParseError error) : TryRead(Device, out error);
        return now ?? throw new BootException(
            error.IsError ? $"its LUKS2 header was damaged meanwhile: {error}" : "its LUKS2 header is gone", Path);
    }

    /// <summary>Reads a place of the device, by offsets of the header; false when the device cannot or ends before.</summary>
    internal bool TryReadArea(long offset, Span<byte> buffer)
    {
        using SafeFileHandle handle = KernelFile.Open(Path);
        return Reader(handle, Path, Offset)(offset, buffer);
    }

    private static ReadAt Reader(SafeFileHandle handle, string path, long start) => (offset, buffer) =>
    {
        try
        {
            return KernelFile.ReadAt(handle, start + offset, buffer, path) == buffer.Length;
        }
        catch (SyscallException e) when (e.Errno == Errno.EIO)
        {
            return false;
        }
    };

    /// <summary>The start of the device, with zeros for blocks that cannot be read: one bad copy must not hide the other.</summary>
    private static byte[] ReadStart(ReadAt read, long length, out bool isWhole)
    {
        byte[] start = new byte[length];
        isWhole = read(0, start);
        for (int at = 0; !isWhole && at < start.Length; at += BlockLength)
        {
            Span<byte> block = start.AsSpan(at, Math.Min(BlockLength, start.Length - at));
            if (!read(at, block))
            {
                block.Clear();
            }
        }

        return start;
    }
}
