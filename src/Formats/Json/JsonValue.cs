using System;
using System.Collections.Generic;
using System.Text.Json;

namespace InitRuntime.Formats.Json;

/// <summary>
/// One value of a JSON text that was checked as a whole, kept as the bytes it was written in: what is not asked for costs nothing.
/// A value that is absent is <see cref="JsonTokenType.None"/>. JsonDocument cannot take its place: it seeds a hash table through
/// libssl when it looks for duplicate names, and that aborts a static process.
/// </summary>
internal readonly struct JsonValue
{
    private readonly ReadOnlyMemory<byte> _json;

    private JsonValue(JsonTokenType kind, ReadOnlyMemory<byte> json)
    {
        Kind = kind;
        _json = json;
    }

    /// <summary>What it is; of an object or array, its start.</summary>
    internal JsonTokenType Kind { get; }

    /// <summary>The value as it was written.</summary>
    internal ReadOnlySpan<byte> Json => _json.Span;

    /// <summary>Reads a text to its end: one value, no comments, no duplicate names in any object, and no more levels than allowed.</summary>
    /// <exception cref="JsonException">It is not such a text.</exception>
    /// <exception cref="InvalidOperationException">A name is not Unicode.</exception>
    internal static JsonValue Parse(ReadOnlyMemory<byte> json, int maximumDepth)
    {
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = maximumDepth });
        reader.Read();
        JsonTokenType kind = reader.TokenType;
        int start = (int)reader.TokenStartIndex;
        var names = new List<HashSet<string>>();
        do
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                names.Add([]);
            }
            else if (reader.TokenType == JsonTokenType.EndObject)
            {
                names.RemoveAt(names.Count - 1);
            }
            else if (reader.TokenType == JsonTokenType.PropertyName && reader.GetString() is { } name && !names[^1].Add(name))
            {
                throw new JsonException($"Duplicate property '{name}' encountered during deserialization.");
            }
        }
        while (reader.Read());
        return new(kind, json[start..]);
    }

    /// <summary>The value of an object's member.</summary>
    internal JsonValue Member(string name)
    {
        Members members = Enumerate();
        while (members.Next())
        {
            if (members.IsNamed(name))
            {
                return members.Value;
            }
        }

        return default;
    }

    /// <summary>An object's members; none of anything else.</summary>
    internal Members Enumerate() => new(this);

    /// <summary>An array's items, or null if it is none or has more than <paramref name="most"/>.</summary>
    internal List<JsonValue>? Items(int most)
    {
        if (Kind != JsonTokenType.StartArray)
        {
            return null;
        }

        var items = new List<JsonValue>();
        Utf8JsonReader reader = Begin();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (items.Count == most)
            {
                return null;
            }

            items.Add(Take(ref reader));
        }

        return items;
    }

    /// <summary>Text, or null if it is none.</summary>
    /// <exception cref="InvalidOperationException">It has half of a surrogate pair, escaped.</exception>
    internal string? Text() => Kind == JsonTokenType.String ? Begin().GetString() : null;

    /// <summary>Whether it is a whole number of 32 bits.</summary>
    internal bool TryNumber(out uint number)
    {
        number = 0;
        return Kind == JsonTokenType.Number && Begin().TryGetUInt32(out number);
    }

    /// <summary>A reader that stands on the value's first token.</summary>
    private Utf8JsonReader Begin()
    {
        var reader = new Utf8JsonReader(_json.Span);
        if (Kind != JsonTokenType.None)
        {
            reader.Read();
        }

        return reader;
    }

    /// <summary>The value that a reader stands on; the reader goes to its end.</summary>
    private JsonValue Take(ref Utf8JsonReader reader)
    {
        JsonTokenType kind = reader.TokenType;
        int start = (int)reader.TokenStartIndex;
        reader.Skip();
        return new(kind, _json[start..(int)reader.BytesConsumed]);
    }

    /// <summary>Goes through an object's members.</summary>
    internal ref struct Members
    {
        private readonly JsonValue _of;
        private Utf8JsonReader _reader;
        private Utf8JsonReader _name;

        internal Members(JsonValue of)
        {
            _of = of;
            _reader = of.Begin();
        }

        /// <summary>The current member's name.</summary>
        internal readonly string Name => _name.GetString()!;

        /// <summary>Its name as it was written, without the quotes.</summary>
        internal readonly ReadOnlySpan<byte> RawName => _name.ValueSpan;

        /// <summary>The current member's value.</summary>
        internal JsonValue Value { get; private set; }

        /// <summary>Goes to the next member; false at the end.</summary>
        internal bool Next()
        {
            if (_of.Kind != JsonTokenType.StartObject || !_reader.Read() || _reader.TokenType == JsonTokenType.EndObject)
            {
                return false;
            }

            _name = _reader;
            _reader.Read();
            Value = _of.Take(ref _reader);
            return true;
        }

        /// <summary>Whether the current member has this name.</summary>
        internal readonly bool IsNamed(string name) => _name.ValueTextEquals(name);
    }
}
