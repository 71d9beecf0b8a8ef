using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Unicode;

namespace InitRuntime.Formats.Overlay;

/// <summary>
/// Paths as one word of a text file: bytes below 0x21, backslash and 0x7f are <c>\ooo</c>, as in /proc/mounts. A path as text has its
/// bytes that are no UTF-8 as chars from U+DC80 to U+DCFF, as directory listings give them; they are <c>\ooo</c>, too.
/// </summary>
internal static class EscapedPath
{
    /// <summary>Plus the byte: half a surrogate pair. Source: PEP 383.</summary>
    private const int LoneByte = 0xdc00;

    private const int EscapeLength = 4;

    /// <summary>Appends a path.</summary>
    /// <exception cref="ArgumentException">It has half a character that stands for no byte.</exception>
    internal static void Append(List<byte> text, string path)
    {
        ReadOnlySpan<char> rest = path;
        Span<byte> utf8 = stackalloc byte[4];
        while (!rest.IsEmpty)
        {
            bool isCharacter = Rune.DecodeFromUtf16(rest, out Rune rune, out int used) == System.Buffers.OperationStatus.Done;
            int value = isCharacter ? rune.Value : rest[0] - LoneByte;
            if (!isCharacter && value is < 0x80 or > 0xff)
            {
                throw new ArgumentException("half a character in a path", nameof(path));
            }

            if (!isCharacter || IsEscaped(value))
            {
                text.AddRange([(byte)'\\', (byte)('0' + (value >> 6)), (byte)('0' + ((value >> 3) & 7)), (byte)('0' + (value & 7))]);
            }
            else
            {
                text.AddRange(utf8[..rune.EncodeToUtf8(utf8)]);
            }

            rest = rest[used..];
        }
    }

    /// <summary>The path that a word stands for; false where <see cref="Append"/> would have written another word for it.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> word, out string path)
    {
        path = "";
        if (word.IsEmpty || !Utf8.IsValid(word))
        {
            return false;
        }

        var text = new StringBuilder(word.Length);
        while (!word.IsEmpty)
        {
            int plain = word.IndexOf((byte)'\\');
            ReadOnlySpan<byte> run = plain < 0 ? word : word[..plain];
            foreach (byte b in run)
            {
                if (IsEscaped(b))
                {
                    return false;
                }
            }

            text.Append(Encoding.UTF8.GetString(run));
            word = word[run.Length..];
            if (word.IsEmpty)
            {
                break;
            }

            if (word.Length < EscapeLength || word[1] is < (byte)'0' or > (byte)'3' || word[2] is < (byte)'0' or > (byte)'7' || word[3] is < (byte)'0' or > (byte)'7')
            {
                return false;
            }

            int value = ((word[1] - '0') << 6) | ((word[2] - '0') << 3) | (word[3] - '0');
            if (value == 0 || (value < 0x80 && !IsEscaped(value)))
            {
                return false;
            }

            text.Append((char)(value < 0x80 ? value : LoneByte + value));
            word = word[EscapeLength..];
        }

        path = text.ToString();
        return true;
    }

    private static bool IsEscaped(int value) => value is < 0x21 or '\\' or 0x7f;
}
