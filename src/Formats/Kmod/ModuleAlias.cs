using System;

namespace InitRuntime.Formats.Kmod;

/// <summary>Aliases by which a device asks for its driver. Source: fnmatch(3) without flags, as kmod uses it.</summary>
public static class ModuleAlias
{
    /// <summary>
    /// Whether a modalias fits a shell pattern of <c>*</c>, <c>?</c> and <c>[..]</c>. Takes at most the product of both lengths,
    /// and no memory.
    /// </summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> modalias)
    {
        int p = 0;
        int m = 0;
        int starAt = -1;
        int starTook = 0;
        while (m < modalias.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                starAt = p++;
                starTook = m;
            }
            else if (p < pattern.Length && TryOne(pattern, ref p, modalias[m]))
            {
                m++;
            }
            else if (starAt >= 0)
            {
                // The last star takes one more; what an earlier one took can stay as it is.
                p = starAt + 1;
                m = ++starTook;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
        {
            p++;
        }

        return p == pattern.Length;
    }

    /// <summary>Matches one character with the part of the pattern at <paramref name="p"/>, and passes over that part if it fits.</summary>
    private static bool TryOne(ReadOnlySpan<char> pattern, ref int p, char c)
    {
        if (pattern[p] == '[' && ClassEnd(pattern, p) is int end and > 0)
        {
            if (!InClass(pattern[(p + 1)..end], c))
            {
                return false;
            }

            p = end + 1;
            return true;
        }

        if (pattern[p] != '?' && pattern[p] != c)
        {
            return false;
        }

        p++;
        return true;
    }

    /// <summary>Where the class that begins at <paramref name="p"/> ends, or -1: then the bracket stands for itself.</summary>
    private static int ClassEnd(ReadOnlySpan<char> pattern, int p)
    {
        int first = p + 1 < pattern.Length && pattern[p + 1] is ('!' or '^') ? p + 2 : p + 1;
        for (int i = first + 1; i < pattern.Length; i++)
        {
            if (pattern[i] == ']')
            {
                return i;
            }
        }

        return -1;
    }

    private static bool InClass(ReadOnlySpan<char> members, char c)
    {
        bool inverted = members[0] is '!' or '^';
        if (inverted)
        {
            members = members[1..];
        }

        bool found = false;
        for (int i = 0; i < members.Length; i++)
        {
            if (i + 2 < members.Length && members[i + 1] == '-')
            {
                found |= c >= members[i] && c <= members[i + 2];
                i += 2;
            }
            else
            {
                found |= c == members[i];
            }
        }

        return found != inverted;
    }
}
