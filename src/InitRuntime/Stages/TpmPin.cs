using System;
using InitRuntime.Linux;
using InitRuntime.TpmUnlock;
using InitRuntime.Volumes;

namespace InitRuntime.Stages;

/// <summary>The PIN that a person enters at the console, once for all volumes; in locked memory until it is forgotten.</summary>
/// <param name="isAllowed">Whether the manifest has one at all (<c>tpm.pin</c>).</param>
/// <param name="prompt">Asks for it.</param>
internal sealed class TpmPin(bool isAllowed, ConsolePrompt prompt)
{
    private const int Longest = 256;

    private SecretBuffer? _pin;
    private int _length;

    /// <summary>The PIN, asked for if it is not known yet.</summary>
    /// <exception cref="TpmException"><see cref="TpmFailure.PinNeeded"/>: the manifest has none, or nobody entered one.</exception>
    internal ReadOnlySpan<byte> Ask()
    {
        if (!isAllowed)
        {
            throw new TpmException(TpmFailure.PinNeeded, "the token needs a PIN, and the manifest allows none (tpm.pin)");
        }

        if (_pin is null)
        {
            Read("TPM PIN: ");
        }

        return Known;
    }

    /// <summary>A new PIN, asked for twice if none is known yet.</summary>
    /// <exception cref="TpmException">Nobody entered one, or two different ones.</exception>
    internal ReadOnlySpan<byte> Choose()
    {
        if (_pin is null)
        {
            Read("New TPM PIN: ");
            using var again = new SecretBuffer(Longest);
            int length = prompt.Read("New TPM PIN, again: ", again);
            if (!again.Span[..Math.Max(length, 0)].SequenceEqual(Known))
            {
                Forget();
                throw new TpmException(TpmFailure.WrongPin, "the two PINs differ");
            }
        }

        return Known;
    }

    /// <summary>Wipes it; the next use asks again.</summary>
    internal void Forget()
    {
        _pin?.Dispose();
        _pin = null;
    }

    private ReadOnlySpan<byte> Known => _pin is null ? default : _pin.Span[.._length];

    private void Read(string question)
    {
        var pin = new SecretBuffer(Longest);
        _length = prompt.Read(question, pin);
        if (_length <= 0)
        {
            pin.Dispose();
            throw new TpmException(TpmFailure.PinNeeded, "a PIN is needed, and nobody entered one on the console");
        }

        _pin = pin;
    }
}
