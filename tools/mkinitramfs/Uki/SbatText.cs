using System.Collections.Generic;
using System.Linq;
using System.Text;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Uki;

/// <summary>Joins SBAT texts (rhboot/shim SBAT.md): generation numbers by which a component's old versions are revoked.</summary>
internal static class SbatText
{
    private const string Header = "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md";
    private const int FieldsOfALine = 6;

    /// <summary>The entry of every UKI that names none of its own (UAPI.5).</summary>
    internal const string UkiLine = "uki,1,UKI,uki,1,https://uapi-group.org/specifications/specs/unified_kernel_image/";

    /// <summary>One text with one header and every other line of the given ones, in their order, each once.</summary>
    /// <exception cref="BuildException">A line has not the six fields of an entry.</exception>
    internal static string Join(params IReadOnlyList<string> texts)
    {
        string[] lines = [.. texts
            .SelectMany(text => text.TrimEnd('\0').Split('\n'))
            .Select(line => line.TrimEnd('\r'))
            .Where(line => line.Length > 0 && !line.StartsWith("sbat,", System.StringComparison.Ordinal))
            .Distinct()];
        if (lines.FirstOrDefault(line => line.Split(',').Length != FieldsOfALine || line.Any(char.IsControl)) is { } bad)
        {
            throw new BuildException(
                $"SBAT line \"{bad}\" has not {FieldsOfALine} fields", "component,generation,vendor,package,version,URL");
        }

        var joined = new StringBuilder(Header).Append('\n');
        foreach (string line in lines)
        {
            joined.Append(line).Append('\n');
        }

        return joined.ToString();
    }
}
