using System.Collections.Generic;

namespace InitRuntime.Mkinitramfs.Uki;

/// <summary>What a UKI is made from.</summary>
internal sealed record UkiInputs
{
    /// <summary>systemd-stub's file; <see cref="UkiBuilder.StubInTree"/> of the tools tree.</summary>
    public required string StubFile { get; init; }

    /// <summary>The kernel's file (vmlinuz), a PE image as every kernel with an EFI stub is.</summary>
    public required byte[] Kernel { get; init; }

    /// <summary>The initramfs's file.</summary>
    public required string InitrdFile { get; init; }

    /// <summary>The kernel command line: one line.</summary>
    public required string CommandLine { get; init; }

    /// <summary>The text of the root's os-release file.</summary>
    public required string OsRelease { get; init; }

    /// <summary>The kernel's release, as <c>uname -r</c> prints it.</summary>
    public required string Uname { get; init; }

    /// <summary>SBAT lines of this image, with or without the header line; empty for the UKI's standard entry.</summary>
    public string Sbat { get; init; } = "";

    /// <summary>Signs PCR policies; null for an image without <c>.pcrpkey</c> and <c>.pcrsig</c>.</summary>
    public PcrPolicyKey? PcrKey { get; init; }

    /// <summary>
    /// Phases for which policies are signed: the initramfs alone, so that nothing that runs later can have the TPM unseal.
    /// </summary>
    public IReadOnlyList<string> SignedPhasePaths { get; init; } = [PcrPrediction.InitramfsPhase];
}
