using System.Text;
using System.Text.Json;
using InitRuntime.Formats.Json;
using Xunit;

namespace InitRuntime.Unit.Formats.Json;

public class JsonValueTests
{
    [Fact]
    public void Members_and_items_are_found_behind_others_of_any_kind()
    {
        JsonValue root = Parse("""{"a":{"x":[1,{"y":2}]},"b":[[],"]",{}],"n\u0061me":"t\u00e4xt","c":7,"d":null} """);
        Assert.Equal(7u, root.Member("c").TryNumber(out uint number) ? number : 0);
        Assert.Equal("täxt", root.Member("name").Text());
        Assert.Equal(JsonTokenType.Null, root.Member("d").Kind);
        Assert.Equal(JsonTokenType.None, root.Member("e").Kind);
        Assert.Equal(JsonTokenType.None, root.Member("c").Member("x").Kind);
        Assert.Equal("""{"x":[1,{"y":2}]}""", Encoding.UTF8.GetString(root.Member("a").Json));
        Assert.Equal("""{"y":2}""", Encoding.UTF8.GetString(root.Member("a").Member("x").Items(2)![1].Json));
        Assert.Equal("]", root.Member("b").Items(3)![1].Text());
    }

    [Fact]
    public void More_items_than_allowed_are_none()
    {
        JsonValue list = Parse("[1,2,3]");
        Assert.Equal(3, list.Items(3)!.Count);
        Assert.Null(list.Items(2));
        Assert.Empty(Parse("[]").Items(0)!);
        Assert.Null(Parse("{}").Items(2));
    }

    [Fact]
    public void An_object_may_have_many_members()
    {
        var text = new StringBuilder("{");
        for (int i = 0; i < 1000; i++)
        {
            text.Append($"\"{i}\":{i},");
        }

        Assert.Equal(999u, Parse($"{text}\"\":0}}").Member("999").TryNumber(out uint number) ? number : 0);
        Assert.Throws<JsonException>(() => Parse($"{text}\"500\":0}}"));
    }

    [Theory]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""{"a":1,"\u0061":2}""")]
    [InlineData("""{"x":[{"a":1,"b":{},"a":2}]}""")]
    [InlineData("""{"a":1}{}""")]
    [InlineData("""{"a":1,}""")]
    [InlineData("[[[[[]]]]]")]
    [InlineData("{\"a\":1//\n}")]
    [InlineData("")]
    public void A_text_that_is_no_strict_JSON_is_refused(string text) => Assert.ThrowsAny<JsonException>(() => Parse(text));

    [Fact]
    public void The_same_name_in_two_objects_is_no_duplicate() =>
        Assert.Equal(2, Parse("""[{"a":{"a":1}},{"a":2}]""").Items(2)!.Count);

    private static JsonValue Parse(string text) => JsonValue.Parse(Encoding.UTF8.GetBytes(text), 4);
}
