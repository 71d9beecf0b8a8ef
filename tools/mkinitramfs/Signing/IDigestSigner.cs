using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Signing;

/// <summary>A private key that signs, wherever it is: a file, or a device behind a command.</summary>
internal interface IDigestSigner
{
    /// <summary>The RSA PKCS#1 v1.5 signature of a SHA-256 digest, raw, as long as the key's modulus.</summary>
    /// <exception cref="BuildException">The key or the command does not do it.</exception>
    byte[] Sign(byte[] sha256Digest);
}
