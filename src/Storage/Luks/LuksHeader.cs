using System;
using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using InitRuntime.Linux;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Storage.Luks;

/// <summary>
/// Changes headers on devices. Each works on the header as it is now, so a value that was read before a change does no harm; each
/// gives what is there afterwards.
/// </summary>
public static class LuksHeader
{
    /// <summary>
    /// Writes the copy that is damaged or older anew from the other one; does nothing if both are in order. A power cut leaves the
    /// good copy, which is not touched.
    /// </summary>
    public static LuksDevice Repair(LuksDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        LuksDevice now = device.ReadAgain();
        Span<byte> salt = stackalloc byte[Luks2HeaderWriter.SaltLength];
        RandomBytes.Fill(salt);
        if (Luks2HeaderWriter.Repair(now.Copies.Span, now.Header, salt) is not { } region)
        {
            return now;
        }

        Write(now.Path, now.Offset, [region]);
        return now.ReadAgain();
    }

    /// <summary>
    /// Changes tokens, all of them at once. First the copy that does not count is written, then the other: a power cut leaves either
    /// the old header or the new one in order, never none.
    /// </summary>
    /// <exception cref="BootException">No room in the header, or a token that names a keyslot that is not there.</exception>
    public static LuksDevice WriteTokens(LuksDevice device, IReadOnlyList<TokenChange> changes)
    {
        ArgumentNullException.ThrowIfNull(device);
        LuksDevice now = device.ReadAgain();
        Span<byte> salts = stackalloc byte[2 * Luks2HeaderWriter.SaltLength];
        RandomBytes.Fill(salts);
        if (!Luks2HeaderWriter.TryChangeTokens(
            now.Copies.Span, now.LengthInBytes, now.Header, changes, salts, out DiskRegion[] regions, out ParseError error))
        {
            throw new BootException($"tokens cannot be written: {error}", now.Path);
        }

        Write(now.Path, now.Offset, regions);
        return now.ReadAgain();
    }

    /// <summary>Takes one token away, as <see cref="WriteTokens"/> does.</summary>
    public static LuksDevice RemoveToken(LuksDevice device, int number) => WriteTokens(device, [TokenChange.Remove(number)]);

    /// <summary>
    /// Ends an encryption in place whose data are all encrypted while the header does not say so: the plain start that was kept near the
    /// device's end is overwritten, then the header changed as by <see cref="WriteTokens"/>. A power cut leaves it to be done again.
    /// </summary>
    /// <returns>The volume; null when there is something left to encrypt, or nothing to end.</returns>
    /// <exception cref="BootException">The header has no room.</exception>
    public static LuksDevice? TryEndEncryption(LuksDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        LuksDevice now = device.ReadAgain();
        Span<byte> salts = stackalloc byte[2 * Luks2HeaderWriter.SaltLength];
        RandomBytes.Fill(salts);
        if (!Luks2HeaderWriter.TryEndEncryption(
            now.Copies.Span, now.LengthInBytes, now.Header, salts, out Luks2Segment? moved, out DiskRegion[] regions, out ParseError error))
        {
            return error.IsError ? throw new BootException($"the encryption cannot be ended: {error}", now.Path) : null;
        }

        if (moved is { Length: { } length })
        {
            Overwrite(now.Path, now.Offset + (long)moved.Offset, (long)length);
        }

        Write(now.Path, now.Offset, regions);
        return now.ReadAgain();
    }

    /// <summary>Puts random bytes, as an encrypted volume has everywhere, in the place of plain ones, and on the medium.</summary>
    private static void Overwrite(string path, long offset, long length)
    {
        const int ChunkLength = 1 << 20;
        byte[] chunk = new byte[Math.Min(length, ChunkLength)];
        using SafeFileHandle handle = KernelFile.Open(path, write: true);
        for (long done = 0; done < length; done += chunk.Length)
        {
            RandomBytes.Fill(chunk);
            KernelFile.WriteAt(handle, offset + done, chunk.AsSpan(0, (int)Math.Min(chunk.Length, length - done)), path);
        }

        KernelFile.Sync(handle, path);
    }

    /// <summary>Writes regions in their order, each on the medium before the next is begun.</summary>
    internal static void Write(string path, long offset, IEnumerable<DiskRegion> regions)
    {
        using SafeFileHandle handle = KernelFile.Open(path, write: true);
        foreach (DiskRegion region in regions)
        {
            KernelFile.WriteAt(handle, offset + region.Offset, region.Bytes, path);
            KernelFile.Sync(handle, path);
        }
    }
}
