using System.Globalization;
using System.IO;
using System.Linq;

namespace InitRuntime.Mkinitramfs.Inspect;

/// <summary>Writes what was found, indented. Text from the file may hold anything: control characters are shown as dots.</summary>
internal sealed class InspectionWriter(TextWriter output, string indentation = "")
{
    private const int LabelWidth = 16;

    /// <summary>The same, two columns further right.</summary>
    internal InspectionWriter Inner => new(output, indentation + "  ");

    internal void Line(string text) => output.WriteLine(indentation + Plain(text));

    internal void Value(string label, string text) => Line($"{label + ":",-LabelWidth} {text}");

    internal void Bytes(string label, long count) => Value(label, Size(count));

    internal static string Size(long count) => string.Create(CultureInfo.InvariantCulture, $"{count} bytes ({count / 1048576.0:0.0} MiB)");

    private static string Plain(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '.' : c));
}
