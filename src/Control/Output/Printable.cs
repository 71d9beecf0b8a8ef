using System;
using System.Buffers;
using System.Globalization;
using System.Text;

namespace InitRuntime.Control.Output;

/// <summary>Text for a terminal. Reports hold words from disks and EFI variables: a control character in them could rewrite the screen.</summary>
internal static class Printable
{
    private const int Kibi = 1024;
    private const double MillisecondsInSecond = 1000;

    /// <summary>Plus a byte that is no UTF-8: how names of files are kept as text. Source: PEP 383.</summary>
    private const int LoneByte = 0xdc00;
    private const int FirstLoneByte = LoneByte + 0x80;
    private const int LastLoneByte = LoneByte + 0xff;

    private static readonly string[] _units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>
    /// The text; control characters, and those that change the order of others, as <c>\xNN</c> or <c>\uNNNN</c>, and so bytes of a file's
    /// name that are no UTF-8.
    /// </summary>
    internal static string Text(string text)
    {
        var result = new StringBuilder(text.Length);
        ReadOnlySpan<char> rest = text;
        while (!rest.IsEmpty)
        {
            bool isWhole = Rune.DecodeFromUtf16(rest, out Rune rune, out int length) == OperationStatus.Done;
            int value = isWhole ? rune.Value : rest[0];
            if (!isWhole && value is >= FirstLoneByte and <= LastLoneByte)
            {
                value -= LoneByte;
            }

            _ = isWhole && IsPlain(rune) ? result.Append(rest[..length])
                : value < 0x100 ? result.Append($"\\x{value:x2}")
                : result.Append($"\\u{value:x4}");
            rest = rest[length..];
        }

        return result.ToString();
    }

    /// <summary>A number of bytes in the largest unit that leaves at least 1: <c>512 MiB</c>, <c>1.5 GiB</c>.</summary>
    internal static string Size(ulong bytes)
    {
        double number = bytes;
        int unit = 0;
        while (number >= Kibi && unit < _units.Length - 1)
        {
            number /= Kibi;
            unit++;
        }

        string digits = number.ToString(unit > 0 && number < 10 ? "0.0" : "0", CultureInfo.InvariantCulture);
        return $"{digits} {_units[unit]}";
    }

    /// <summary>A time in seconds: <c>1.2 s</c>.</summary>
    internal static string Seconds(double milliseconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{milliseconds / MillisecondsInSecond:0.0} s");

    /// <summary><c>1 file</c>, <c>2 files</c>.</summary>
    internal static string Count(long number, string thing) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {thing}{(number == 1 ? "" : "s")}");

    private static bool IsPlain(Rune rune) => Rune.GetUnicodeCategory(rune)
        is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
