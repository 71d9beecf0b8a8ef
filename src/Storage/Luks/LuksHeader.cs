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
