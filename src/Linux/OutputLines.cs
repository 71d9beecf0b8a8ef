using System;
using System.Collections.Generic;
using System.Text;

namespace InitRuntime.Linux;

/// <summary>
/// Parts a program's output into lines, which end by <c>\n</c> or, as progress does, by <c>\r</c>. Empty ones are left out, long ones
/// cut, and bytes that are no UTF-8 become U+FFFD: what a program prints is not to be trusted.
/// </summary>
/// <param name="line">Is given each line as it ends; null if only the last ones matter.</param>
internal sealed class OutputLines(Action<string>? line)
{
    /// <summary>How many lines are kept.</summary>
    internal const int Kept = 20;

    /// <summary>What is shown of a line, in characters.</summary>
    internal const int Longest = 4096;

    /// <summary>In bytes: a character of UTF-8 has at most 4.</summary>
    private const int LongestInBytes = Longest * 4;

    private const int UsualLength = 256;

    private readonly List<string> _last = [];
    private byte[] _bytes = [];
    private int _length;

    /// <summary>The last lines that ended, oldest first.</summary>
    internal IReadOnlyList<string> Last => _last;

    /// <summary>Takes what came.</summary>
    internal void Add(ReadOnlySpan<byte> output)
    {
        while (output.IndexOfAny((byte)'\n', (byte)'\r') is var end and >= 0)
        {
            Append(output[..end]);
            End();
            output = output[(end + 1)..];
        }

        Append(output);
    }

    /// <summary>Ends the line that no end came for.</summary>
    internal void End()
    {
        if (_length == 0)
        {
            return;
        }

        string text = Encoding.UTF8.GetString(_bytes, 0, _length);
        _length = 0;
        if (text.Length > Longest)
        {
            text = text[..(char.IsHighSurrogate(text[Longest - 1]) ? Longest - 1 : Longest)];
        }

        if (_last.Count == Kept)
        {
            _last.RemoveAt(0);
        }

        _last.Add(text);
        line?.Invoke(text);
    }

    private void Append(ReadOnlySpan<byte> part)
    {
        part = part[..Math.Min(part.Length, LongestInBytes - _length)];
        if (_length + part.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Clamp(2 * (_length + part.Length), UsualLength, LongestInBytes));
        }

        part.CopyTo(_bytes.AsSpan(_length));
        _length += part.Length;
    }
}
