using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using InitRuntime.Formats.Json;

namespace InitRuntime.Formats.Luks2;

/// <summary>
/// One object of JSON from a disk. As with <see cref="SpanReader"/> all members are read first: one that is absent or of
/// another kind yields a zero, and the first such is kept in the <see cref="Sink"/>. Unknown members are left alone, since
/// LUKS2 says by <c>requirements</c> what a reader must know.
/// </summary>
internal readonly struct JsonFields
{
    /// <summary>LUKS2's own JSON needs 5 levels and clevis' tokens 7; cryptsetup stops at 32.</summary>
    internal const int MaximumDepth = 16;

    private const int MaximumItems = 256;

    private readonly JsonValue _value;
    private readonly string _path;
    private readonly Sink _sink;

    private JsonFields(JsonValue value, string path, Sink sink)
    {
        _value = value;
        _path = path;
        _sink = sink;
    }

    internal delegate T Reader<out T>(JsonFields root);

    /// <summary>
    /// Parses one object strictly (UTF-8, no duplicate names, no comments, bounded depth) and reads it; what
    /// <paramref name="read"/> makes counts only if it found no error.
    /// </summary>
    internal static bool TryRead<T>(ReadOnlyMemory<byte> json, string path, Reader<T> read, out T value, out ParseError error)
    {
        value = default!;
        if (!Utf8.IsValid(json.Span))
        {
            error = Sink.At(path, "not UTF-8");
            return false;
        }

        try
        {
            var sink = new Sink();
            var root = new JsonFields(JsonValue.Parse(json, MaximumDepth), path, sink);
            if (root._value.Kind != JsonTokenType.StartObject)
            {
                root.Fail("not an object");
                error = sink.Error;
                return false;
            }

            value = read(root);
            error = sink.Error;
        }
        catch (JsonException e)
        {
            error = Sink.At(path, $"not JSON: {Escaped.Text(e.Message)}");
        }
        catch (InvalidOperationException)
        {
            // The one thing that parsing does not see: an escaped half of a surrogate pair, found when text is asked for.
            error = Sink.At(path, "text is not Unicode");
        }

        return !error.IsError;
    }

    /// <summary>Keeps the first error.</summary>
    internal void Fail(string message) => _sink.Fail(_path, message);

    internal bool Has(string name) => Kind(name) is not (JsonTokenType.None or JsonTokenType.Null);

    internal JsonTokenType Kind(string name) => _value.Member(name).Kind;

    /// <summary>A member that is an object; absent counts as an error.</summary>
    internal JsonFields Object(string name)
    {
        JsonValue found = _value.Member(name);
        if (found.Kind != JsonTokenType.StartObject)
        {
            _sink.Fail(At(name), Wrong(found, "an object"));
            found = default;
        }

        return new(found, At(name), _sink);
    }

    /// <summary>All members, each of which must be an object under a small number, as keyslots and segments are.</summary>
    internal void Numbered(int limit, Action<int, JsonFields> read)
    {
        JsonValue.Members members = _value.Enumerate();
        while (members.Next())
        {
            string name = members.Name;
            var fields = new JsonFields(members.Value, At(name), _sink);
            if (!TryIndex(name, limit, out int number))
            {
                fields.Fail($"not a number below {limit}");
            }
            else if (members.Value.Kind != JsonTokenType.StartObject)
            {
                fields.Fail(Wrong(members.Value, "an object"));
            }
            else
            {
                read(number, fields);
            }
        }
    }

    /// <summary>Text, "" if it is absent or no text.</summary>
    internal string Text(string name, bool optional = false)
    {
        JsonValue found = _value.Member(name);
        if (found.Text() is { } text)
        {
            return text;
        }

        if (!optional || found.Kind != JsonTokenType.None)
        {
            _sink.Fail(At(name), Wrong(found, "text"));
        }

        return "";
    }

    /// <summary>A whole number written as JSON number.</summary>
    internal uint Number(string name, uint least, uint most)
    {
        JsonValue found = _value.Member(name);
        if (!found.TryNumber(out uint value) || value < least || value > most)
        {
            _sink.Fail(At(name), Wrong(found, $"a number from {least} to {most}"));
            return 0;
        }

        return value;
    }

    /// <summary>A whole number of 64 bits, which LUKS2 writes as text (specification, 3.1).</summary>
    internal ulong WideNumber(string name)
    {
        string text = Text(name);
        if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value))
        {
            _sink.Fail(At(name), $"\"{Escaped.Text(text)}\" is not a number");
        }

        return value;
    }

    /// <summary>Bytes in base64, at most <paramref name="most"/> of them and at least one.</summary>
    internal byte[] Base64(string name, int most) => DecodeBase64(name, Text(name), most);

    /// <summary>The same for text that was already taken out of member <paramref name="name"/>.</summary>
    internal byte[] DecodeBase64(string name, string text, int most)
    {
        byte[] bytes = new byte[most];
        if (text.Length == 0 || !Convert.TryFromBase64String(text, bytes, out int length) || length == 0)
        {
            _sink.Fail(At(name), $"not base64 of 1 to {most} bytes");
            return [];
        }

        return bytes[..length];
    }

    internal bool Flag(string name)
    {
        JsonTokenType kind = Kind(name);
        if (kind is not (JsonTokenType.True or JsonTokenType.False or JsonTokenType.None))
        {
            _sink.Fail(At(name), "not true or false");
        }

        return kind == JsonTokenType.True;
    }

    /// <summary>A list of texts.</summary>
    internal string[] Texts(string name, bool optional = false)
    {
        List<string> values = [];
        foreach (JsonValue item in Items(name, optional))
        {
            if (item.Text() is { } text)
            {
                values.Add(text);
            }
            else
            {
                _sink.Fail(At(name), Wrong(item, "text"));
            }
        }

        return [.. values];
    }

    /// <summary>A list of small numbers written as text, as <c>keyslots</c> and <c>segments</c> are.</summary>
    internal int[] Indices(string name, int limit)
    {
        List<int> values = [];
        foreach (string text in Texts(name))
        {
            if (TryIndex(text, limit, out int value))
            {
                values.Add(value);
            }
            else
            {
                _sink.Fail(At(name), $"\"{Escaped.Text(text)}\" is not a number below {limit}");
            }
        }

        return [.. values];
    }

    /// <summary>A member that is an array, item by item; anything else but an absent optional one is an error.</summary>
    internal List<JsonValue> Items(string name, bool optional = false)
    {
        JsonValue found = _value.Member(name);
        if (found.Items(MaximumItems) is { } items)
        {
            return items;
        }

        if (!optional || found.Kind != JsonTokenType.None)
        {
            _sink.Fail(At(name), Wrong(found, $"a list of at most {MaximumItems}"));
        }

        return [];
    }

    /// <summary>This object as the JSON text it was, in UTF-8.</summary>
    internal byte[] RawBytes() => _value.Json.ToArray();

    internal string At(string name) => _path.Length == 0 ? Escaped.Text(name) : $"{_path}.{Escaped.Text(name)}";

    internal void FailAt(string name, string message) => _sink.Fail(At(name), message);

    private static bool TryIndex(string text, int limit, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value)
        && value < limit
        && (text[0] != '0' || text.Length == 1);

    private static string Wrong(JsonValue found, string wanted) =>
        found.Kind == JsonTokenType.None ? "missing" : $"not {wanted}";

    /// <summary>Where the first error of one document goes.</summary>
    internal sealed class Sink
    {
        internal ParseError Error { get; private set; }

        internal void Fail(string path, string message)
        {
            if (!Error.IsError)
            {
                Error = At(path, message);
            }
        }

        internal static ParseError At(string path, string message) => new(path.Length == 0 ? message : $"{path}: {message}");
    }
}
