using System;

namespace InitRuntime.Formats.Luks2;

/// <summary>
/// A passphrase for people to write down, in systemd's form: 256 bits in modhex, whose letters stand in the same place on most
/// keyboards, as eight groups of eight with dashes between. The text with its dashes is the passphrase.
/// Source: systemd src/shared/recovery-key.c.
/// </summary>
public static class RecoveryKey
{
    /// <summary>How many random bytes make one.</summary>
    public const int RandomLength = 32;

    /// <summary>Length of the text, in bytes: it is ASCII.</summary>
    public const int TextLength = 71;

    private const int GroupLength = 4;

    /// <summary>Writes random bytes as text.</summary>
    /// <param name="random"><see cref="RandomLength"/> bytes, in locked memory.</param>
    /// <param name="text"><see cref="TextLength"/> bytes, in locked memory.</param>
    public static void Format(ReadOnlySpan<byte> random, Span<byte> text)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(random.Length, RandomLength, nameof(random));
        ArgumentOutOfRangeException.ThrowIfNotEqual(text.Length, TextLength, nameof(text));
        ReadOnlySpan<byte> letters = "cbdefghijklnrtuv"u8;
        int at = 0;
        for (int i = 0; i < random.Length; i++)
        {
            if (i > 0 && i % GroupLength == 0)
            {
                text[at++] = (byte)'-';
            }

            text[at++] = letters[random[i] >> 4];
            text[at++] = letters[random[i] & 0xf];
        }
    }
}
