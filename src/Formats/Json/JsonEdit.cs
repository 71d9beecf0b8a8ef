using System.Collections.Generic;
using System.IO;
using System.Text;

namespace InitRuntime.Formats.Json;

/// <summary>Makes a JSON text out of another one; what is not changed stays the bytes it was.</summary>
internal static class JsonEdit
{
    /// <summary>What becomes of a member: its new value, or null to leave it out.</summary>
    internal delegate byte[]? Member(string name, JsonValue value);

    /// <summary>An object with other members. Of anything else there are none.</summary>
    internal static byte[] Object(JsonValue of, Member edit)
    {
        using var text = new MemoryStream();
        text.WriteByte((byte)'{');
        JsonValue.Members members = of.Enumerate();
        while (members.Next())
        {
            if (edit(members.Name, members.Value) is { } value)
            {
                text.Write(text.Length > 1 ? ",\""u8 : "\""u8);
                text.Write(members.RawName);
                text.Write("\":"u8);
                text.Write(value);
            }
        }

        text.WriteByte((byte)'}');
        return text.ToArray();
    }

    /// <summary>A list of texts that need no escapes, without some of them.</summary>
    internal static byte[] Without(IReadOnlyList<string> list, ICollection<string> gone)
    {
        var text = new StringBuilder("[");
        foreach (string item in list)
        {
            if (!gone.Contains(item))
            {
                text.Append(text.Length > 1 ? "," : "").Append('"').Append(item).Append('"');
            }
        }

        return Encoding.ASCII.GetBytes(text.Append(']').ToString());
    }
}
