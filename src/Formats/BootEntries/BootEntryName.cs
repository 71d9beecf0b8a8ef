using System;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using InitRuntime.Formats.BootGuard;

namespace InitRuntime.Formats.BootEntries;

/// <summary>
/// The name of a kernel that systemd-boot starts, <c>initruntime-REVISION-ROOT[+LEFT[-DONE]].efi</c>. It starts the highest revision, but
/// one without tries left only if there is no other; and counts a try in the name before it starts one that is counted.
/// </summary>
/// <param name="Revision">Which came later.</param>
/// <param name="Slot">Whose kernel it is.</param>
/// <param name="TriesLeft">How often it may still be tried; null for one that has proved itself.</param>
/// <param name="TriesDone">How often it was.</param>
/// <remarks>Sources: UAPI.1 (Boot Loader Specification), "Boot counting"; systemd's src/boot/boot.c, <c>boot_entry_compare</c>.</remarks>
public sealed record BootEntryName(uint Revision, BootSlot Slot, uint? TriesLeft = null, uint TriesDone = 0)
{
    /// <summary>GPT label of the EFI system partition.</summary>
    public const string PartitionLabel = "efi";

    /// <summary>Directory there.</summary>
    public const string Directory = "EFI/Linux";

    /// <summary>What an update writes there first: a name that the loader passes over.</summary>
    public const string Unfinished = "initruntime.new";

    private const string Prefix = "initruntime-";
    private const string Suffix = ".efi";

    /// <summary>Reads a file name; upper and lower case are equal.</summary>
    public static bool TryParse(string name, [NotNullWhen(true)] out BootEntryName? entry)
    {
        ArgumentNullException.ThrowIfNull(name);
        entry = null;
        if (!name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) || !name.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase)
            || name.Length < Prefix.Length + Suffix.Length)
        {
            return false;
        }

        ReadOnlySpan<char> middle = name.AsSpan(Prefix.Length..^Suffix.Length);
        uint? left = null;
        uint done = 0;
        if (middle.IndexOf('+') is >= 0 and var plus)
        {
            ReadOnlySpan<char> counter = middle[(plus + 1)..];
            middle = middle[..plus];
            int dash = counter.IndexOf('-');
            if ((dash >= 0 && !TryNumber(counter[(dash + 1)..], out done)) || !TryNumber(dash < 0 ? counter : counter[..dash], out uint number))
            {
                return false;
            }

            left = number;
        }

        int end = middle.IndexOf('-');
        if (end < 0 || !TryNumber(middle[..end], out uint revision) || BootSlots.OfRoot(middle[(end + 1)..].ToString().ToLowerInvariant()) is not { } slot)
        {
            return false;
        }

        entry = new(revision, slot, left, done);
        return true;
    }

    /// <summary>The file name.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Prefix}{Revision}-{Slot.Root}{(TriesLeft is null ? "" : $"+{TriesLeft}{(TriesDone > 0 ? $"-{TriesDone}" : "")}")}{Suffix}");

    private static bool TryNumber(ReadOnlySpan<char> text, out uint number) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= int.MaxValue;
}
