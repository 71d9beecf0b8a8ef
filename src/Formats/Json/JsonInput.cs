using System;
using System.Collections.Generic;
using System.Text.Json;

namespace InitRuntime.Formats.Json;

/// <summary>
/// Reads one JSON document front to back, for readers written by hand: a fraction of the serializer's size in /init, and every
/// member that is not asked for is an error. Throws <see cref="JsonException"/> with the member's path; callers turn it into a
/// <see cref="ParseError"/>.
/// </summary>
public ref struct JsonInput
{
    private const int MaximumDepth = 12;

    private readonly List<string> _path = [];
    private Utf8JsonReader _reader;

    /// <summary>Begins to read a document.</summary>
    public JsonInput(ReadOnlySpan<byte> json)
    {
        _reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaximumDepth });
        Read();
    }

    /// <summary>Enters an object.</summary>
    public readonly void BeginObject() => Expect(JsonTokenType.StartObject, "an object");

    /// <summary>Enters an array.</summary>
    public readonly void BeginArray() => Expect(JsonTokenType.StartArray, "an array");

    /// <summary>Goes to the next member's value; false at the object's end.</summary>
    public bool NextMember(out string name)
    {
        name = "";
        Leave(JsonTokenType.StartObject);
        Read();
        if (_reader.TokenType == JsonTokenType.EndObject)
        {
            return false;
        }

        name = _reader.GetString()!;
        _path.Add(name);
        Read();
        return true;
    }

    /// <summary>Goes to the next item; false at the array's end.</summary>
    public bool NextItem()
    {
        Leave(JsonTokenType.StartArray);
        Read();
        if (_reader.TokenType == JsonTokenType.EndArray)
        {
            return false;
        }

        _path.Add("[]");
        return true;
    }

    /// <summary>The value as text of at most <paramref name="longest"/> characters.</summary>
    public readonly string Text(int longest = 4096)
    {
        Expect(JsonTokenType.String, "a string");
        string text = _reader.GetString()!;
        return text.Length <= longest ? text : throw Error($"longer than {longest} characters");
    }

    /// <summary>The value as a whole number within a range.</summary>
    public readonly long Number(long least, long most)
    {
        Expect(JsonTokenType.Number, "a number");
        return _reader.TryGetInt64(out long number) && number >= least && number <= most
            ? number
            : throw Error($"wanted a whole number from {least} to {most}");
    }

    /// <summary>The value as a number within a range, with a fraction perhaps.</summary>
    public readonly double Fraction(double least, double most)
    {
        Expect(JsonTokenType.Number, "a number");
        return _reader.TryGetDouble(out double number) && number >= least && number <= most
            ? number
            : throw Error($"wanted a number from {least} to {most}");
    }

    /// <summary>The value as true or false.</summary>
    public readonly bool Flag() => _reader.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        _ => throw Error("wanted true or false"),
    };

    /// <summary>The value as a UUID in the usual 36 characters.</summary>
    public readonly Guid Uuid() => Guid.TryParseExact(Text(36), "D", out Guid uuid) ? uuid : throw Error("not a UUID");

    /// <summary>The value as an array of strings.</summary>
    public List<string> Texts(int most)
    {
        var texts = new List<string>();
        BeginArray();
        while (NextItem())
        {
            texts.Add(texts.Count < most ? Text() : throw Error($"more than {most} items"));
        }

        return texts;
    }

    /// <summary>After the last value: nothing may follow.</summary>
    public void End()
    {
        _path.Clear();
        if (_reader.Read())
        {
            throw Error("something follows the end");
        }
    }

    /// <summary>Reads past the value, whatever it is.</summary>
    public void Skip() => _reader.Skip();

    /// <summary>An error at the current value.</summary>
    public readonly JsonException Error(string what)
    {
        string place = string.Join('.', _path).Replace(".[]", "[]");
        return new JsonException(place.Length == 0 ? what : $"{place}: {what}");
    }

    /// <summary>The error for a member that is not known.</summary>
    public readonly JsonException Unknown() => Error("not known");

    /// <summary>A member that must be there.</summary>
    public readonly T Required<T>(T? value, string name)
        where T : class => value ?? throw Error($"{name} is missing");

    /// <inheritdoc cref="Required{T}(T?, string)"/>
    public readonly T Required<T>(T? value, string name)
        where T : struct => value ?? throw Error($"{name} is missing");

    /// <summary>Takes the last member or item off the path, unless its object or array has only just begun.</summary>
    private readonly void Leave(JsonTokenType start)
    {
        if (_reader.TokenType != start && _path.Count > 0)
        {
            _path.RemoveAt(_path.Count - 1);
        }
    }

    private readonly void Expect(JsonTokenType type, string what)
    {
        if (_reader.TokenType != type)
        {
            throw Error($"wanted {what}");
        }
    }

    private void Read()
    {
        if (!_reader.Read())
        {
            throw Error("cut short");
        }
    }
}
