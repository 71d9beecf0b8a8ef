using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using InitRuntime.Crypto;
using InitRuntime.Formats.Pe;

namespace InitRuntime.Mkinitramfs.Uki;

/// <summary>The value that PCR 11 has in a phase of the boot of one UKI.</summary>
/// <param name="Bank">The bank.</param>
/// <param name="PhasePath">The phase words measured so far, with colons between.</param>
/// <param name="Value">As long as the bank's digest.</param>
internal sealed record PcrValue(PcrBank Bank, string PhasePath, byte[] Value);

/// <summary>
/// What systemd-stub and the phases of the boot measure into PCR 11 (systemd's TPM2_PCR_MEASUREMENTS.md): of each section first
/// the name with its NUL, then the content; after them the words of the phases, without a NUL.
/// </summary>
internal static class PcrPrediction
{
    /// <summary>The register that systemd-stub measures a UKI into (TPM2_PCR_KERNEL_BOOT).</summary>
    internal const int Register = 11;

    /// <summary>The phase path from the start of <c>/init</c> until it leaves the initramfs.</summary>
    internal const string InitramfsPhase = "enter-initrd";

    private const int BufferSize = 128 * 1024;

    /// <summary>The phase paths that systemd-measure takes by default.</summary>
    internal static IReadOnlyList<string> DefaultPhasePaths { get; } =
    [
        InitramfsPhase,
        "enter-initrd:leave-initrd",
        "enter-initrd:leave-initrd:sysinit",
        "enter-initrd:leave-initrd:sysinit:ready",
    ];

    /// <summary>Sections in the order in which the stub measures them, whatever their order in the file.</summary>
    private static readonly string[] _measured =
    [
        UkiSection.Linux, UkiSection.OsRelease, UkiSection.CommandLine, UkiSection.Initrd, ".ucode", ".splash", ".dtb",
        UkiSection.Uname, UkiSection.Sbat, UkiSection.PcrPublicKey,
    ];

    /// <summary>The values for some sections, by bank, then by phase path.</summary>
    /// <param name="sections">The final content of the UKI; <c>.pcrsig</c> is not measured and is passed over.</param>
    /// <param name="banks">Which banks.</param>
    /// <param name="phasePaths">Which phases.</param>
    /// <exception cref="ArgumentException">A section's place in the order is not known.</exception>
    internal static IReadOnlyList<PcrValue> Calculate(
        IReadOnlyList<UkiPayload> sections, ReadOnlySpan<PcrBank> banks, IReadOnlyList<string> phasePaths)
    {
        UkiPayload[] measured = [.. sections.Where(s => s.Name != UkiSection.PcrSignature)];
        if (measured.FirstOrDefault(s => !_measured.Contains(s.Name)) is { } unknown)
        {
            throw new ArgumentException($"section {unknown.Name}: how it is measured is not known here", nameof(sections));
        }

        Array.Sort(measured, (a, b) => Array.IndexOf(_measured, a.Name).CompareTo(Array.IndexOf(_measured, b.Name)));
        var values = new List<PcrValue>();
        foreach (PcrBank bank in banks)
        {
            byte[] afterStub = AfterStub(measured, bank);
            foreach (string path in phasePaths)
            {
                byte[] value = [.. afterStub];
                foreach (string word in path.Split(':'))
                {
                    Extend(bank, value, Digest.Of(bank.Algorithm, Encoding.ASCII.GetBytes(word)));
                }

                values.Add(new PcrValue(bank, path, value));
            }
        }

        return values;
    }

    private static byte[] AfterStub(UkiPayload[] measured, PcrBank bank)
    {
        byte[] register = new byte[bank.Algorithm.LengthInBytes()];
        foreach (UkiPayload section in measured)
        {
            Extend(bank, register, Digest.Of(bank.Algorithm, Encoding.ASCII.GetBytes(section.Name + "\0")));
            Extend(bank, register, ContentDigest(section, bank));
        }

        return register;
    }

    private static void Extend(PcrBank bank, byte[] register, byte[] digest) =>
        Digest.Of(bank.Algorithm, (byte[])[.. register, .. digest], register);

    private static byte[] ContentDigest(UkiPayload section, PcrBank bank)
    {
        var digest = new Digest(bank.Algorithm);
        var buffer = new byte[BufferSize];
        using Stream content = section.Open();
        for (int count = content.Read(buffer); count > 0; count = content.Read(buffer))
        {
            digest.Append(buffer.AsSpan(0, count));
        }

        byte[] result = new byte[digest.LengthInBytes];
        digest.Finish(result);
        return result;
    }
}
