using System;

namespace InitRuntime.Formats.Tpm;

/// <summary>Decodes short texts of bounded length.</summary>
internal static class Encodings
{
    /// <summary>Hexadecimal, at most <paramref name="maximumLength"/> bytes.</summary>
    internal static bool TryHex(string? text, int maximumLength, out byte[] value)
    {
        value = [];
        if (text is null || text.Length % 2 != 0 || text.Length / 2 > maximumLength)
        {
            return false;
        }

        value = new byte[text.Length / 2];
        return Convert.FromHexString(text, value, out _, out int written) == System.Buffers.OperationStatus.Done && written == value.Length;
    }

    /// <summary>Base64, at most <paramref name="maximumLength"/> bytes.</summary>
    internal static bool TryBase64(string? text, int maximumLength, out byte[] value)
    {
        value = [];
        if (text is null || text.Length / 4 * 3 > maximumLength + 2)
        {
            return false;
        }

        byte[] buffer = new byte[(text.Length / 4 * 3) + 3];
        if (!Convert.TryFromBase64String(text, buffer, out int written) || written > maximumLength)
        {
            return false;
        }

        value = buffer[..written];
        return true;
    }
}
