using System;
using System.Text;

namespace InitRuntime.Formats.FactoryReset;

/// <summary>The text of os-release(5): which system this is.</summary>
public static class OsReleaseText
{
    /// <summary>The value of a field, unquoted; null if it is not there or its quotes have no end. Of several the last counts, as for a shell.</summary>
    public static string? Find(string text, string field)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(field);
        string? value = null;
        foreach (string line in text.Split('\n'))
        {
            string trimmed = line.Trim();
            if (trimmed.Length > field.Length && trimmed[field.Length] == '=' && trimmed.StartsWith(field, StringComparison.Ordinal))
            {
                value = Unquote(trimmed[(field.Length + 1)..]);
            }
        }

        return value;
    }

    private static string? Unquote(string value)
    {
        if (value.Length == 0 || value[0] is not ('"' or '\''))
        {
            return value;
        }

        var plain = new StringBuilder();
        for (int i = 1; i < value.Length; i++)
        {
            if (value[i] == value[0])
            {
                return plain.ToString();
            }

            if (value[0] == '"' && value[i] == '\\' && i + 1 < value.Length)
            {
                i++;
            }

            plain.Append(value[i]);
        }

        return null;
    }
}
