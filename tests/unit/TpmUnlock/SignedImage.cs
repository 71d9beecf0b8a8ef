using System;
using System.Security.Cryptography;
using System.Text;

namespace InitRuntime.Unit.TpmUnlock;

/// <summary>A kernel image as systemd-stub measures it into PCR 11, and systemd-measure's signatures for it.</summary>
internal sealed class SignedImage
{
    private readonly SoftwareTpm _tpm;
    private readonly string _name;
    private readonly byte[] _kernel = Encoding.UTF8.GetBytes("not really a kernel");

    internal SignedImage(SoftwareTpm tpm, string name = "image")
    {
        _tpm = tpm;
        _name = name;
        using RSA key = RSA.Create(2048);
        tpm.Write($"{name}.key", Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()));
        tpm.Write($"{name}.pem", Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem() + "\n"));
        tpm.Write($"{name}.linux", _kernel);
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(key.ExportRSAPublicKey()));
    }

    internal string PublicKey => _tpm.File($"{_name}.pem");

    internal string Fingerprint { get; }

    /// <summary>What systemd-stub does: the section's name with its zero, then its content.</summary>
    internal void Measure()
    {
        foreach (byte[] part in (byte[][])[Encoding.ASCII.GetBytes(".linux\0"), _kernel])
        {
            _tpm.Run("tpm2_pcrevent", "11", _tpm.Write("part", part));
        }
    }

    /// <summary>The signatures for one phase path.</summary>
    internal byte[] Sign(string phases) => Encoding.UTF8.GetBytes(_tpm.Run(
        "/usr/lib/systemd/systemd-measure", "sign", $"--linux={_tpm.File($"{_name}.linux")}", "--bank=sha256", $"--phase={phases}",
        $"--private-key={_tpm.File($"{_name}.key")}", $"--public-key={PublicKey}", "-j"));

    /// <summary>The PCR 11 value that systemd-measure predicts for a phase path.</summary>
    internal string Predict(string phases, string bank)
    {
        string printed = _tpm.Run(
            "/usr/lib/systemd/systemd-measure", "calculate", $"--linux={_tpm.File($"{_name}.linux")}", $"--bank={bank}", $"--phase={phases}", "-j");
        int at = printed.IndexOf("\"hash\":\"", StringComparison.Ordinal) + "\"hash\":\"".Length;
        return printed[at..printed.IndexOf('"', at)];
    }
}
