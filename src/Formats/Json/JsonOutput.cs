using System.Globalization;
using System.Text;

namespace InitRuntime.Formats.Json;

/// <summary>
/// Writes one JSON document front to back, without spaces: for what /init and the control program write, at a twentieth of
/// Utf8JsonWriter's size. The other half is <see cref="JsonInput"/>.
/// </summary>
public sealed class JsonOutput
{
    private readonly StringBuilder _text = new();

    /// <summary>The document's bytes in UTF-8.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(_text.ToString());

    /// <summary>Begins an object: a member, or an item where there is no name.</summary>
    public void BeginObject(string? name = null) => Begin(name).Append('{');

    /// <summary>Ends it.</summary>
    public void EndObject() => _text.Append('}');

    /// <summary>Begins an array as a member.</summary>
    public void BeginArray(string name) => Begin(name).Append('[');

    /// <summary>Ends it.</summary>
    public void EndArray() => _text.Append(']');

    /// <summary>A member with text, or an item where there is no name.</summary>
    public void Text(string? name, string value)
    {
        Begin(name);
        AppendText(value);
    }

    /// <summary>The same, or nothing when there is no text.</summary>
    public void TextIfAny(string name, string? value)
    {
        if (value is not null)
        {
            Text(name, value);
        }
    }

    /// <summary>A member with a whole number, or an item where there is no name.</summary>
    public void Number(string? name, long value) => Begin(name).Append(value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A member with a number that may have a fraction.</summary>
    public void Number(string name, double value) => Begin(name).Append(value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A member with true or false.</summary>
    public void Flag(string name, bool value) => Begin(name).Append(value ? "true" : "false");

    private StringBuilder Begin(string? name)
    {
        if (_text.Length > 0 && _text[^1] is not ('{' or '['))
        {
            _text.Append(',');
        }

        if (name is not null)
        {
            AppendText(name);
            _text.Append(':');
        }

        return _text;
    }

    private void AppendText(string text)
    {
        _text.Append('"');
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' or '\\' => _text.Append('\\').Append(c),
                '\n' => _text.Append("\\n"),
                '\t' => _text.Append("\\t"),
                < ' ' or '\x7f' => _text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)),
                _ => _text.Append(c),
            };
        }

        _text.Append('"');
    }
}
