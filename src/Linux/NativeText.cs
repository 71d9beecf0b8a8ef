using System;
using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace InitRuntime.Linux;

/// <summary>
/// Text as the kernel has it. Names of files are any bytes: a byte in them that is no UTF-8 is one char from U+DC80 to U+DCFF, which
/// UTF-8 never gives, and becomes that byte again. So a name that was read names the same file when it is used.
/// </summary>
internal static class NativeText
{
    /// <summary>Plus the byte: half a surrogate pair. Python's <c>surrogateescape</c> does the same. Source: PEP 383.</summary>
    private const int LoneByte = 0xdc00;

    /// <summary>The text's bytes with a NUL at their end.</summary>
    /// <exception cref="ArgumentException">The text has a NUL or half a character inside: the kernel would see something else than what
    /// was checked.</exception>
    internal static byte[] Terminated(string text)
    {
        if (text.Contains('\0'))
        {
            throw new ArgumentException("NUL inside text for the kernel", nameof(text));
        }

        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1]; // Enough: a lone byte counts as three.
        ReadOnlySpan<char> rest = text;
        for (int length = 0; ; length++)
        {
            OperationStatus status = Utf8.FromUtf16(rest, bytes.AsSpan(length), out int read, out int written, replaceInvalidSequences: false);
            length += written;
            if (status == OperationStatus.Done)
            {
                bytes[length] = 0; // Utf8 may leave anything behind what it wrote.
                Array.Resize(ref bytes, length + 1);
                return bytes;
            }

            int value = rest[read] - LoneByte;
            bytes[length] = value is >= 0x80 and <= 0xff
                ? (byte)value
                : throw new ArgumentException("half a character inside text for the kernel", nameof(text));
            rest = rest[(read + 1)..];
        }
    }

    /// <summary>A name as text, from which <see cref="Terminated"/> makes the same bytes.</summary>
    internal static string Decode(ReadOnlySpan<byte> name)
    {
        char[] text = new char[name.Length];
        for (int length = 0; ; length++)
        {
            OperationStatus status = Utf8.ToUtf16(name, text.AsSpan(length), out int read, out int written, replaceInvalidSequences: false);
            length += written;
            if (status == OperationStatus.Done)
            {
                return new string(text, 0, length);
            }

            text[length] = (char)(LoneByte + name[read]);
            name = name[(read + 1)..];
        }
    }
}
