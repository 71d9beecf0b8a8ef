using System;

namespace InitRuntime.Formats.Kmod;

/// <summary>
/// Whether a device's modalias asks for a module: fnmatch(3) without flags, '-' and '_' being equal, as modprobe compares.
/// Written for /init: it allocates nothing, calls itself nowhere, and takes at most pattern times text steps.
/// </summary>
public static class ModuleAlias
{
    /// <summary>
    /// Compares a pattern of modules.alias (<c>*</c>, <c>?</c>, <c>[a-f]</c>, <c>[!0]</c>, backslash) with a modalias. Character
    /// classes by name (<c>[[:alpha:]]</c>), which no module uses, match nothing special.
    /// </summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> modalias)
    {
        int p = 0;
        int t = 0;
        int afterStar = -1;
        int starText = 0;
        while (t < modalias.Length || p < pattern.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                p++;
                afterStar = p;
                starText = t;
            }
            else if (p < pattern.Length && t < modalias.Length && MatchesOne(pattern, ref p, Fold(modalias[t])))
            {
                t++;
            }
            else if (afterStar >= 0 && starText < modalias.Length)
            {
                // The last star takes one character more. An earlier one could gain nothing by that.
                starText++;
                t = starText;
                p = afterStar;
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Compares one character with what stands at <paramref name="p"/>, and passes over that.</summary>
    private static bool MatchesOne(ReadOnlySpan<char> pattern, ref int p, char c)
    {
        char first = pattern[p];
        p++;
        switch (first)
        {
            case '?':
                return true;
            case '[' when EndOfSet(pattern, p) is var end and >= 0:
                ReadOnlySpan<char> set = pattern[p..end];
                p = end + 1;
                return IsInSet(set, c);
            case '\\':
                if (p == pattern.Length)
                {
                    return false;
                }

                first = pattern[p];
                p++;
                break;
        }

        return Fold(first) == c;
    }

    /// <summary>Where the set that begins at <paramref name="start"/> has its closing bracket, or -1: then '[' is itself.</summary>
    private static int EndOfSet(ReadOnlySpan<char> pattern, int start)
    {
        int i = start < pattern.Length && pattern[start] is ('!' or '^') ? start + 1 : start;
        for (int first = i; i < pattern.Length; i++)
        {
            if (pattern[i] == ']' && i > first)
            {
                return i;
            }

            i += pattern[i] == '\\' ? 1 : 0;
        }

        return -1;
    }

    private static bool IsInSet(ReadOnlySpan<char> set, char c)
    {
        bool negated = set[0] is '!' or '^';
        bool found = false;
        int i = negated ? 1 : 0;
        while (i < set.Length)
        {
            char low = TakeMember(set, ref i);
            char high = low;
            if (i + 1 < set.Length && set[i] == '-')
            {
                i++;
                high = TakeMember(set, ref i);
            }

            found |= low <= c && c <= high;
        }

        return found != negated;
    }

    private static char TakeMember(ReadOnlySpan<char> set, ref int i)
    {
        i += set[i] == '\\' && i + 1 < set.Length ? 1 : 0;
        char member = set[i];
        i++;
        return member;
    }

    private static char Fold(char c) => c == '-' ? '_' : c;
}
