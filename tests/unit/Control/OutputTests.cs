using System;
using System.Linq;
using InitRuntime.Control.Output;
using Xunit;

namespace InitRuntime.Unit.Control;

public class OutputTests
{
    [Theory]
    [InlineData("plain, äöü 中 😀", "plain, äöü 中 😀")]
    [InlineData("\e[2Jgone\n\x7f", "\\x1b[2Jgone\\x0a\\x7f")]
    [InlineData("a\u0085b\u202etxt", "a\\x85b\\u202etxt")]
    public void What_would_act_on_a_terminal_is_shown_instead(string text, string shown) => Assert.Equal(shown, Printable.Text(text));

    [Fact]
    public void A_byte_of_a_name_that_is_no_UTF_8_is_shown_as_it_is() =>
        Assert.Equal("byte \\xff, half \\ud83d", Printable.Text("byte \udcff, half \ud83d"));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(512UL << 20, "512 MiB")]
    [InlineData(ulong.MaxValue, "16 EiB")]
    public void Sizes_have_few_digits(ulong bytes, string text) => Assert.Equal(text, Printable.Size(bytes));

    [Fact]
    public void A_page_is_aligned_and_no_line_that_can_be_broken_is_longer_than_80_columns()
    {
        string text = Pages.Text(page =>
        {
            page.Heading("first");
            page.Row("label", string.Join(' ', Enumerable.Repeat("word", 40)));
            page.Row("", new string('x', 100));
            page.RowIfAny("left out", null);
            page.Heading("second");
            page.Line("below");
        });
        string[] lines = text.Split('\n');
        Assert.Equal("first", lines[0]);
        Assert.StartsWith("  label         word word", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("                word word", lines[2], StringComparison.Ordinal);
        Assert.All(lines.Where(line => !line.Contains('x')), line => Assert.InRange(line.Length, 0, 80));
        Assert.All(lines, line => Assert.Equal(line.TrimEnd(), line));
        Assert.Contains(new string(' ', 16) + new string('x', 100), lines);
        Assert.Equal(["", "second", "  below", ""], lines[^4..]);
    }
}
