namespace InitRuntime.Formats.Luks2;

/// <summary>A stretch of the device and how its data are encrypted. Source: LUKS2 specification, 3.3.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Kind"><c>crypt</c>, or <c>linear</c> for plain data while re-encryption runs. Text from the disk.</param>
/// <param name="Offset">From the start of the device, in bytes.</param>
/// <param name="Length">In bytes; null for all up to the device's end.</param>
/// <param name="IvTweak">What dm-crypt adds to the sector number, in 512-byte sectors.</param>
/// <param name="Encryption">The kernel's name of the cipher; empty if plain. Text from the disk.</param>
/// <param name="SectorSize">In bytes; 0 if plain.</param>
/// <param name="Integrity">The kernel's name of the integrity check, or null. Text from the disk.</param>
/// <param name="IsBackup">Whether it only keeps, for re-encryption, what was before.</param>
public sealed record Luks2Segment(
    int Number, string Kind, ulong Offset, ulong? Length, ulong IvTweak, string Encryption, int SectorSize, string? Integrity, bool IsBackup);
