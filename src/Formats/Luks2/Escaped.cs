using System.Text;

namespace InitRuntime.Formats.Luks2;

/// <summary>Text from a disk, made fit for a message: one line, short, no control characters.</summary>
internal static class Escaped
{
    private const int MaximumLength = 128;

    /// <summary>At most 128 characters of printable ASCII; each other one as <c>\uNNNN</c>.</summary>
    internal static string Text(string value)
    {
        var result = new StringBuilder();
        foreach (char c in value)
        {
            if (result.Length >= MaximumLength)
            {
                return result.Append("..").ToString();
            }

            _ = c is >= ' ' and <= '~' and not '\\' ? result.Append(c) : result.Append("\\u").Append(((int)c).ToString("x4"));
        }

        return result.ToString();
    }
}
