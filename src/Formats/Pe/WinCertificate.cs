namespace InitRuntime.Formats.Pe;

/// <summary>One entry of a certificate table (WIN_CERTIFICATE, UEFI 2.10 32.2.4).</summary>
/// <param name="Revision"><see cref="Revision2"/> for all that is known.</param>
/// <param name="Type"><see cref="PkcsSignedData"/> for Authenticode.</param>
/// <param name="Content">Its content, by offset in the table; it may have zero padding at its end.</param>
public readonly record struct WinCertificate(ushort Revision, ushort Type, FileRange Content)
{
    /// <summary>Length, revision and type before the content. In bytes.</summary>
    public const int HeaderSize = 8;

    /// <summary>WIN_CERT_REVISION_2_0.</summary>
    public const ushort Revision2 = 0x0200;

    /// <summary>WIN_CERT_TYPE_PKCS_SIGNED_DATA: a PKCS#7 SignedData.</summary>
    public const ushort PkcsSignedData = 0x0002;

    internal const int MaximumCount = 64;
}
