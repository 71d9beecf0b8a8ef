using System.Text;

namespace InitRuntime.Control.Output;

/// <summary>
/// An answer for people: headings, and below them rows of a label and what it says, aligned and broken between words at 80 columns.
/// All text is made printable.
/// </summary>
internal sealed class TextPage
{
    /// <summary>Of a line, in columns.</summary>
    internal const int Width = 80;

    private const int Indentation = 2;
    private const int LabelWidth = 14;

    private readonly StringBuilder _text = new();

    /// <summary>Begins a part.</summary>
    internal void Heading(string text)
    {
        if (_text.Length > 0)
        {
            _text.Append('\n');
        }

        Append("", text, 0);
    }

    /// <summary>A label and what it says; without a label it goes on with the row before.</summary>
    internal void Row(string label, string value) =>
        Append(new string(' ', Indentation) + Printable.Text(label).PadRight(LabelWidth), value, Indentation + LabelWidth);

    /// <summary>A row, if there is something to say.</summary>
    internal void RowIfAny(string label, string? value)
    {
        if (value is not null)
        {
            Row(label, value);
        }
    }

    /// <summary>A line below a heading.</summary>
    internal void Line(string text, int indentation = Indentation) => Append(new string(' ', indentation), text, indentation);

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    private void Append(string start, string text, int indentation)
    {
        _text.Append(start);
        int column = start.Length;
        bool first = true;
        foreach (string word in Printable.Text(text).Split(' '))
        {
            if (!first && column + 1 + word.Length > Width)
            {
                _text.Append('\n').Append(' ', indentation);
                column = indentation;
            }
            else if (!first)
            {
                _text.Append(' ');
                column++;
            }

            _text.Append(word);
            column += word.Length;
            first = false;
        }

        _text.Append('\n');
    }
}
