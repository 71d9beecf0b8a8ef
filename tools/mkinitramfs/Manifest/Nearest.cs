using System;
using System.Collections.Generic;
using System.Linq;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>Finds what the user probably meant.</summary>
internal static class Nearest
{
    /// <summary>The candidate that takes the fewest changed letters, if those are few enough to be a slip; else null.</summary>
    internal static string? Of(string word, IEnumerable<string> candidates)
    {
        int most = Math.Max(1, Math.Min(word.Length, 12) / 3);
        (string? best, int distance) = candidates.Select(one => ((string?)one, Distance(word, one)))
            .DefaultIfEmpty((null, int.MaxValue)).MinBy(pair => pair.Item2);
        return distance <= most ? best : null;
    }

    /// <summary>How many letters must be added, removed, changed, or swapped with the next one, to make one word the other.</summary>
    internal static int Distance(string from, string to)
    {
        const int LongestWord = 100;
        if (Math.Abs(from.Length - to.Length) > LongestWord || from.Length > LongestWord || to.Length > LongestWord)
        {
            return int.MaxValue;
        }

        int[,] cost = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++)
        {
            for (int j = 0; j <= to.Length; j++)
            {
                cost[i, j] = i == 0 ? j : j == 0 ? i : Math.Min(
                    Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1,
                    cost[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[from.Length, to.Length];
    }
}
