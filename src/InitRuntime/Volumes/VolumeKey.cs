using System;
using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.Luks2;
using InitRuntime.Linux;
using InitRuntime.Stages;
using InitRuntime.Storage.Luks;
using InitRuntime.TpmUnlock;

namespace InitRuntime.Volumes;

/// <summary>A passphrase that opens a keyslot of a volume, in locked memory, and where it came from. Disposing it wipes it.</summary>
internal sealed class VolumeKey : IDisposable
{
    /// <summary>How often a person may try.</summary>
    private const int MostTries = 3;

    private readonly SecretBuffer _passphrase = new(SystemdUnseal.MaximumPassphraseLength);
    private int _length;

    private VolumeKey()
    {
    }

    /// <summary>The passphrase.</summary>
    internal ReadOnlySpan<byte> Passphrase => _passphrase.Span[.._length];

    /// <summary><c>tpm</c>, or <c>passphrase</c> when a person entered one.</summary>
    internal string Source { get; private set; } = "tpm";

    /// <summary>The keyslot that it opens.</summary>
    internal int Keyslot { get; private set; }

    /// <summary>
    /// Finds the passphrase: by the tokens in the header, in their order, or from a person where the manifest allows that. It is
    /// proved against the volume when <paramref name="volumeKey"/> is given.
    /// </summary>
    /// <param name="tpm">The TPM.</param>
    /// <param name="prompt">Asks a person; null where nobody is asked.</param>
    /// <param name="luks">The volume.</param>
    /// <param name="volume">Its settings.</param>
    /// <param name="encrypted">Its data segment; null while it is being encrypted: then the passphrase is only unsealed.</param>
    /// <param name="volumeKey">Gets the volume key; as long as that.</param>
    /// <exception cref="BootException">No way of the manifest led to it: why, for each.</exception>
    internal static VolumeKey Find(
        BootTpm tpm, ConsolePrompt? prompt, LuksDevice luks, VolumeSettings volume, Luks2Volume? encrypted, SecretBuffer? volumeKey)
    {
        var key = new VolumeKey();
        try
        {
            string? hint = null;
            var problems = new List<string>();
            if (key.TryTokens(tpm, luks, encrypted, volumeKey, problems, ref hint))
            {
                return key;
            }

            string reasons = problems.Count == 0 ? "it has no token for a TPM" : string.Join("; ", problems);
            if (volume.OnUnlockFailure == UnlockFallback.Ask && prompt is not null && encrypted is not null && volumeKey is not null)
            {
                key.Ask(prompt, luks, volume, encrypted, volumeKey, reasons);
                return key;
            }

            throw new BootException($"volume {volume.Name} is not unlocked: {reasons}", luks.Path, hint);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _passphrase.Dispose();

    private bool TryTokens(
        BootTpm tpm, LuksDevice luks, Luks2Volume? encrypted, SecretBuffer? volumeKey, List<string> problems, ref string? hint)
    {
        foreach (Luks2Token token in luks.Header.Metadata.Tokens)
        {
            try
            {
                _length = Unseal(tpm, token);
                if (_length < 0)
                {
                    continue;
                }

                if (encrypted is null || volumeKey is null)
                {
                    return true;
                }

                if (LuksVolume.TryOpenKeyslot(luks, encrypted, token.Keyslots, Passphrase, volumeKey, out int keyslot, out ParseError error))
                {
                    Keyslot = keyslot;
                    return true;
                }

                problems.Add($"token {token.Number}: {error}");
            }
            catch (TpmException e)
            {
                problems.Add($"token {token.Number}: {e.Message}");
                hint ??= e.Hint;
            }
        }

        return false;
    }

    /// <summary>A person may mistype a PIN; the TPM's own count says when it is too often.</summary>
    private int Unseal(BootTpm tpm, Luks2Token token)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                return tpm.Unseal(token, _passphrase.Span);
            }
            catch (TpmException e) when (e.Failure == TpmFailure.WrongPin && tries < MostTries)
            {
                tpm.ForgetPin();
                TerminalPrompt.Show("Wrong PIN.\n");
            }
        }
    }

    private void Ask(ConsolePrompt prompt, LuksDevice luks, VolumeSettings volume, Luks2Volume encrypted, SecretBuffer volumeKey, string reasons)
    {
        Source = "passphrase";
        TerminalPrompt.Show($"\nVolume {volume.Name} is not unlocked by the TPM: {reasons}\n");
        for (int tries = 1; tries <= MostTries; tries++)
        {
            _length = prompt.Read($"Passphrase or recovery key for {volume.Name}: ", _passphrase);
            if (_length < 0)
            {
                throw new BootException($"volume {volume.Name} is not unlocked: {reasons}; and nobody entered a passphrase on the console", luks.Path);
            }

            if (LuksVolume.TryOpenKeyslot(luks, encrypted, null, Passphrase, volumeKey, out int keyslot, out _))
            {
                Keyslot = keyslot;
                return;
            }

            TerminalPrompt.Show("That opens no keyslot.\n");
        }

        throw new BootException($"volume {volume.Name} is not unlocked: {reasons}; and {MostTries} wrong passphrases", luks.Path);
    }
}
