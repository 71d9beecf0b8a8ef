using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using InitRuntime.Formats.Luks2;
using InitRuntime.Linux;
using InitRuntime.TpmUnlock;
using Xunit;

namespace InitRuntime.Unit.TpmUnlock;

/// <summary>A LUKS2 volume in a file, made by cryptsetup and enrolled by systemd-cryptenroll or clevis.</summary>
internal sealed class EncryptedVolume
{
    private readonly SoftwareTpm _tpm;
    private readonly string _path;
    private readonly string _key;

    internal EncryptedVolume(SoftwareTpm tpm)
    {
        _tpm = tpm;
        _path = tpm.File("volume");
        _key = tpm.Write("volume.key", "first passphrase"u8);
        using (FileStream file = File.Create(_path))
        {
            file.SetLength(20 << 20);
        }

        tpm.Run("cryptsetup", "luksFormat", "-q", "--type", "luks2", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", _path, _key);
    }

    /// <summary>Runs <c>systemd-cryptenroll --tpm2-device=...</c> and gives the token it wrote.</summary>
    internal SystemdTpm2Token Enroll(params string[] arguments) => EnrollWithPin(null, arguments);

    /// <summary>The same with a PIN.</summary>
    internal SystemdTpm2Token EnrollWithPin(string? pin, params string[] arguments)
    {
        _tpm.Run(
            "env", [.. pin is null ? Array.Empty<string>() : [$"NEWPIN={pin}"], "systemd-cryptenroll", $"--unlock-key-file={_key}",
            $"--tpm2-device={_tpm.Device}", $"--tpm2-with-pin={(pin is null ? "no" : "yes")}",
            .. arguments, _path]);
        return Newest();
    }

    /// <summary>Enrols for a TPM of which only the storage root key is known.</summary>
    internal SystemdTpm2Token EnrollOffline(params string[] arguments)
    {
        _tpm.Run("systemd-cryptenroll", [$"--unlock-key-file={_key}", .. arguments, _path]);
        return Newest();
    }

    private SystemdTpm2Token Newest()
    {
        using var header = JsonDocument.Parse(_tpm.Run("cryptsetup", "luksDump", "--dump-json-metadata", _path));
        int newest = header.RootElement.GetProperty("tokens").EnumerateObject().Max(t => int.Parse(t.Name));
        Assert.True(SystemdTpm2Token.TryParse(Token(newest), out SystemdTpm2Token token, out var error), error.ToString());
        return token;
    }

    internal Luks2Token Token(int number)
    {
        byte[] json = Encoding.UTF8.GetBytes(_tpm.Run("cryptsetup", "token", "export", "--token-id", number.ToString(), _path));
        using var document = JsonDocument.Parse(json);
        int[] slots = [.. document.RootElement.GetProperty("keyslots").EnumerateArray().Select(e => int.Parse(e.GetString()!))];
        return new(number, document.RootElement.GetProperty("type").GetString()!, slots, json);
    }

    /// <summary>Adds a passphrase and a token for it, as the boot will after a seal.</summary>
    internal void AddToken(SystemdTpm2Token token, ReadOnlySpan<byte> passphrase)
    {
        string key = _tpm.Write("new.key", passphrase);
        _tpm.Run(
            "cryptsetup", "luksAddKey", "-q", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--key-file", _key, _path, key);
        _tpm.Run("cryptsetup", "token", "import", "--json-file", _tpm.Write("new.json", SystemdTpm2TokenWriter.Write(token, 1)), _path);
    }

    /// <summary>Whether cryptsetup opens a keyslot with this passphrase.</summary>
    internal bool Opens(ReadOnlySpan<byte> passphrase) =>
        _tpm.TryRun("cryptsetup", "open", "--test-passphrase", "--key-file", _tpm.Write("try.key", passphrase), _path).ExitCode == 0;

    /// <summary>Whether systemd itself unlocks the volume with the token and this TPM.</summary>
    internal (int ExitCode, string Output) SystemdUnlocks() =>
        _tpm.TryRun("systemd-cryptenroll", $"--unlock-tpm2-device={_tpm.Device}", "--recovery-key", _path);

    /// <summary>Unseals with our code and has cryptsetup try the result.</summary>
    internal void AssertOpensWithUs(SystemdTpm2Token token, PolicyEvidence? evidence = null, string pin = "")
    {
        byte[] passphrase = Unseal(_tpm, token, evidence, pin);
        Assert.True(Opens(passphrase));
    }

    internal static byte[] Unseal(SoftwareTpm tpm, SystemdTpm2Token token, PolicyEvidence? evidence = null, string pin = "")
    {
        using Tpm connection = tpm.Connect();
        return Unseal(connection, token, evidence, pin);
    }

    internal static byte[] Unseal(Tpm connection, SystemdTpm2Token token, PolicyEvidence? evidence = null, string pin = "")
    {
        using var passphrase = new SecretBuffer(SystemdUnseal.MaximumPassphraseLength);
        int length = SystemdUnseal.Unseal(connection, token, evidence ?? new(), Encoding.UTF8.GetBytes(pin), passphrase.Span);
        return passphrase.Span[..length].ToArray();
    }

    internal static TpmException Refusal(SoftwareTpm tpm, SystemdTpm2Token token, TpmFailure expected, PolicyEvidence? evidence = null, string pin = "")
    {
        TpmException refusal = Assert.Throws<TpmException>(() => Unseal(tpm, token, evidence, pin));
        Assert.True(expected == refusal.Failure, $"{refusal.Failure}: {refusal.Message}");
        return refusal;
    }
}
