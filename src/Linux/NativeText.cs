using System;
using System.Text;

namespace InitRuntime.Linux;

/// <summary>Text as the kernel wants it.</summary>
internal static class NativeText
{
    /// <summary>UTF-8 with a NUL at its end.</summary>
    /// <exception cref="ArgumentException">The text has a NUL inside: the kernel would see less than was checked.</exception>
    internal static byte[] Terminated(string text)
    {
        if (text.Contains('\0'))
        {
            throw new ArgumentException("NUL inside text for the kernel", nameof(text));
        }

        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}
