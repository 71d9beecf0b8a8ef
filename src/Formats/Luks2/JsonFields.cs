using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

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

    private readonly JsonElement _element;
    private readonly string _path;
    private readonly Sink _sink;

    private JsonFields(JsonElement element, string path, Sink sink)
    {
        _element = element;
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
            using var document = JsonDocument.Parse(json, new() { MaxDepth = MaximumDepth, AllowDuplicateProperties = false });
            var sink = new Sink();
            var root = new JsonFields(document.RootElement, path, sink);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
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

    internal bool Has(string name) => Kind(name) is not (JsonValueKind.Undefined or JsonValueKind.Null);

    internal JsonValueKind Kind(string name) => Find(name).ValueKind;

    /// <summary>A member that is an object; absent counts as an error.</summary>
    internal JsonFields Object(string name)
    {
        JsonElement found = Find(name);
        if (found.ValueKind != JsonValueKind.Object)
        {
            _sink.Fail(At(name), Wrong(found, "an object"));
            found = default;
        }

        return new(found, At(name), _sink);
    }

    /// <summary>All members, each of which must be an object under a small number, as keyslots and segments are.</summary>
    internal IEnumerable<(int Number, JsonFields Fields)> Numbered(int limit)
    {
        if (_element.ValueKind != JsonValueKind.Object)
        {
            yield break;
        }

        foreach (JsonProperty member in _element.EnumerateObject())
        {
            var fields = new JsonFields(member.Value, At(member.Name), _sink);
            if (!TryIndex(member.Name, limit, out int number))
            {
                fields.Fail($"not a number below {limit}");
            }
            else if (member.Value.ValueKind != JsonValueKind.Object)
            {
                fields.Fail(Wrong(member.Value, "an object"));
            }
            else
            {
                yield return (number, fields);
            }
        }
    }

    /// <summary>Text, "" if it is absent or no text.</summary>
    internal string Text(string name, bool optional = false)
    {
        JsonElement found = Find(name);
        if (found.ValueKind == JsonValueKind.String)
        {
            return found.GetString()!;
        }

        if (!optional || found.ValueKind != JsonValueKind.Undefined)
        {
            _sink.Fail(At(name), Wrong(found, "text"));
        }

        return "";
    }

    /// <summary>A whole number written as JSON number.</summary>
    internal uint Number(string name, uint least, uint most)
    {
        JsonElement found = Find(name);
        if (found.ValueKind != JsonValueKind.Number || !found.TryGetUInt32(out uint value) || value < least || value > most)
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
        JsonValueKind kind = Kind(name);
        if (kind is not (JsonValueKind.True or JsonValueKind.False or JsonValueKind.Undefined))
        {
            _sink.Fail(At(name), "not true or false");
        }

        return kind == JsonValueKind.True;
    }

    /// <summary>A list of texts.</summary>
    internal string[] Texts(string name, bool optional = false)
    {
        List<string> values = [];
        foreach (JsonElement item in Items(name, optional))
        {
            if (item.ValueKind == JsonValueKind.String)
            {
                values.Add(item.GetString()!);
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
    internal IEnumerable<JsonElement> Items(string name, bool optional = false)
    {
        JsonElement found = Find(name);
        if (found.ValueKind == JsonValueKind.Array && found.GetArrayLength() <= MaximumItems)
        {
            return found.EnumerateArray();
        }

        if (!optional || found.ValueKind != JsonValueKind.Undefined)
        {
            _sink.Fail(At(name), Wrong(found, $"a list of at most {MaximumItems}"));
        }

        return [];
    }

    /// <summary>The member as the JSON text it was.</summary>
    internal JsonElement Raw(string name) => Find(name);

    /// <summary>This object as the JSON text it was, in UTF-8.</summary>
    internal byte[] RawBytes() => System.Text.Encoding.UTF8.GetBytes(_element.GetRawText());

    internal string At(string name) => _path.Length == 0 ? Escaped.Text(name) : $"{_path}.{Escaped.Text(name)}";

    internal void FailAt(string name, string message) => _sink.Fail(At(name), message);

    private static bool TryIndex(string text, int limit, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value)
        && value < limit
        && (text[0] != '0' || text.Length == 1);

    private static string Wrong(JsonElement found, string wanted) =>
        found.ValueKind == JsonValueKind.Undefined ? "missing" : $"not {wanted}";

    private JsonElement Find(string name) =>
        _element.ValueKind == JsonValueKind.Object && _element.TryGetProperty(name, out JsonElement found) ? found : default;

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
