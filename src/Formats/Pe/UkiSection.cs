using System;

namespace InitRuntime.Formats.Pe;

/// <summary>The section names of a unified kernel image (UAPI.5, systemd-stub(7)) that this project uses.</summary>
public static class UkiSection
{
    /// <summary>The kernel, itself a PE image.</summary>
    public const string Linux = ".linux";

    /// <summary>os-release, UTF-8.</summary>
    public const string OsRelease = ".osrel";

    /// <summary>The kernel command line, UTF-8.</summary>
    public const string CommandLine = ".cmdline";

    /// <summary>The initramfs.</summary>
    public const string Initrd = ".initrd";

    /// <summary>What <c>uname -r</c> prints, UTF-8.</summary>
    public const string Uname = ".uname";

    /// <summary>Generation numbers for revocation (CSV, UTF-8).</summary>
    public const string Sbat = ".sbat";

    /// <summary>The public key (PEM) that signs PCR policies.</summary>
    public const string PcrPublicKey = ".pcrpkey";

    /// <summary>Signed PCR policies (JSON); the only section that is not measured.</summary>
    public const string PcrSignature = ".pcrsig";

    /// <summary>Starts another profile; payloads behind it belong to that one.</summary>
    public const string Profile = ".profile";

    /// <summary>A device tree that the stub chooses by hardware; there may be several.</summary>
    public const string DeviceTreeAuto = ".dtbauto";

    private static readonly string[] _payloads =
    [
        Linux, OsRelease, CommandLine, Initrd, ".ucode", ".splash", ".dtb", DeviceTreeAuto, ".efifw", ".hwids", Uname, Sbat,
        PcrPublicKey, PcrSignature, Profile,
    ];

    /// <summary>Whether a section is one of UAPI.5, not code or data of the stub itself.</summary>
    public static bool IsPayload(string name) => Array.IndexOf(_payloads, name) >= 0;
}
