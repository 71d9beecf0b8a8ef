using System.Text;
using System.Text.Json;
using InitRuntime.Formats.Json;
using Xunit;

namespace InitRuntime.Unit.Formats.Json;

public class JsonOutputTests
{
    [Fact]
    public void Every_character_comes_back_as_it_was()
    {
        var text = new StringBuilder();
        for (int c = 0; c < 0x800; c++)
        {
            text.Append((char)c);
        }

        text.Append("\ud83d\ude00\u2028\uffff");
        var json = new JsonOutput();
        json.BeginObject();
        json.Text(text.ToString(), text.ToString());
        json.EndObject();
        using JsonDocument document = JsonDocument.Parse(json.ToBytes());
        Assert.Equal(text.ToString(), document.RootElement.GetProperty(text.ToString()).GetString());
    }

    [Fact]
    public void Half_of_a_surrogate_pair_is_no_invalid_document()
    {
        var json = new JsonOutput();
        json.BeginArray("a");
        Assert.Equal("\"a\":[", Encoding.UTF8.GetString(json.ToBytes()));
        json.Text(null, "\ud83d");
        json.EndArray();
        Assert.Equal("\"a\":[\"\ufffd\"]", Encoding.UTF8.GetString(json.ToBytes()));
    }

    [Fact]
    public void Commas_stand_between_members_and_items_only()
    {
        var json = new JsonOutput();
        json.BeginObject();
        json.BeginArray("empty");
        json.EndArray();
        json.BeginArray("list");
        json.Number(null, -1);
        json.Text(null, "[");
        json.BeginObject();
        json.EndObject();
        json.EndArray();
        json.BeginObject("inner");
        json.Flag("yes", true);
        json.TextIfAny("none", null);
        json.Number("ms", 12.5);
        json.EndObject();
        json.Number("last", long.MaxValue);
        json.EndObject();
        Assert.Equal(
            """{"empty":[],"list":[-1,"[",{}],"inner":{"yes":true,"ms":12.5},"last":9223372036854775807}""",
            Encoding.UTF8.GetString(json.ToBytes()));
    }
}
