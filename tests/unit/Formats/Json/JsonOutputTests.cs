using System.Globalization;
using System.Linq;
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

    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    [InlineData(0.7)]
    [InlineData(1.1)]
    [InlineData(747.1)]
    [InlineData(2160)]
    [InlineData(0.05)]
    [InlineData(0.30000000000000004)]
    [InlineData(-1.5)]
    [InlineData(123456789012345.6)]
    [InlineData(1e15)]
    [InlineData(1.5e300)]
    public void A_number_is_its_shortest_text(double value)
    {
        var json = new JsonOutput();
        json.BeginObject();
        json.Number("n", value);
        json.EndObject();
        Assert.Equal($"{{\"n\":{value.ToString(CultureInfo.InvariantCulture)}}}", Encoding.UTF8.GetString(json.ToBytes()));
        using JsonDocument document = JsonDocument.Parse(json.ToBytes());
        Assert.Equal(value, document.RootElement.GetProperty("n").GetDouble());
    }

    [Fact]
    public void A_long_document_is_whole()
    {
        var json = new JsonOutput();
        string[] texts = new string[300];
        json.BeginObject();
        json.BeginArray("texts");
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = new string('\u20ac', i) + "\n";
            json.Text(null, texts[i]);
        }

        json.EndArray();
        json.EndObject();
        using JsonDocument document = JsonDocument.Parse(json.ToBytes());
        Assert.Equal(texts, document.RootElement.GetProperty("texts").EnumerateArray().Select(item => item.GetString()));
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
