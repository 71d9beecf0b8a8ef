namespace InitRuntime.Formats.Tpm;

/// <summary>TPM_ALG_ID: the algorithms met here (TPM 2.0 Library part 2, table "TPM_ALG_ID constants").</summary>
public enum AlgorithmId : ushort
{
    /// <summary>No algorithm named; never on the wire.</summary>
    None = 0,

    /// <summary>RSA.</summary>
    Rsa = 0x0001,

    /// <summary>SHA-1.</summary>
    Sha1 = 0x0004,

    /// <summary>HMAC.</summary>
    Hmac = 0x0005,

    /// <summary>AES.</summary>
    Aes = 0x0006,

    /// <summary>A keyed hash object: an HMAC key or sealed data.</summary>
    KeyedHash = 0x0008,

    /// <summary>Exclusive or, as a parameter encryption.</summary>
    Xor = 0x000a,

    /// <summary>SHA-256.</summary>
    Sha256 = 0x000b,

    /// <summary>SHA-384.</summary>
    Sha384 = 0x000c,

    /// <summary>SHA-512.</summary>
    Sha512 = 0x000d,

    /// <summary>TPM_ALG_NULL: deliberately none.</summary>
    Null = 0x0010,

    /// <summary>SM3-256.</summary>
    Sm3 = 0x0012,

    /// <summary>RSASSA-PKCS1-v1_5.</summary>
    RsaSsa = 0x0014,

    /// <summary>RSAES-PKCS1-v1_5.</summary>
    RsaEs = 0x0015,

    /// <summary>RSASSA-PSS.</summary>
    RsaPss = 0x0016,

    /// <summary>RSAES-OAEP.</summary>
    Oaep = 0x0017,

    /// <summary>ECDSA.</summary>
    EcDsa = 0x0018,

    /// <summary>ECDH.</summary>
    EcDh = 0x0019,

    /// <summary>Elliptic curve keys.</summary>
    Ecc = 0x0023,

    /// <summary>A symmetric cipher object.</summary>
    SymmetricCipher = 0x0025,

    /// <summary>SHA3-256.</summary>
    Sha3With256 = 0x0027,

    /// <summary>SHA3-384.</summary>
    Sha3With384 = 0x0028,

    /// <summary>SHA3-512.</summary>
    Sha3With512 = 0x0029,

    /// <summary>Cipher feedback mode.</summary>
    Cfb = 0x0043,
}

/// <summary>Names and sizes of <see cref="AlgorithmId"/>.</summary>
public static class Algorithms
{
    /// <summary>The largest digest met here, in bytes (SHA-512).</summary>
    public const int MaximumDigestLength = 64;

    /// <summary>Digest length in bytes, or 0 when <paramref name="algorithm"/> is not a hash that is computed here.</summary>
    public static int DigestLength(AlgorithmId algorithm) => algorithm switch
    {
        AlgorithmId.Sha1 => 20,
        AlgorithmId.Sha256 => 32,
        AlgorithmId.Sha384 => 48,
        AlgorithmId.Sha512 => 64,
        _ => 0,
    };

    /// <summary>The name of a PCR bank or hash as systemd and tpm2-tools write it, for example <c>sha256</c>.</summary>
    public static string Name(AlgorithmId algorithm) => algorithm switch
    {
        AlgorithmId.Rsa => "rsa",
        AlgorithmId.Ecc => "ecc",
        AlgorithmId.Sha1 => "sha1",
        AlgorithmId.Sha256 => "sha256",
        AlgorithmId.Sha384 => "sha384",
        AlgorithmId.Sha512 => "sha512",
        AlgorithmId.Sm3 => "sm3_256",
        AlgorithmId.Sha3With256 => "sha3_256",
        AlgorithmId.Sha3With384 => "sha3_384",
        AlgorithmId.Sha3With512 => "sha3_512",
        AlgorithmId.KeyedHash => "keyedhash",
        AlgorithmId.SymmetricCipher => "symcipher",
        _ => $"algorithm 0x{(ushort)algorithm:x4}",
    };

    /// <summary>The hash of that name, or <see cref="AlgorithmId.None"/> when it is not one that is computed here.</summary>
    public static AlgorithmId Hash(string? name) => name switch
    {
        "sha1" => AlgorithmId.Sha1,
        "sha256" => AlgorithmId.Sha256,
        "sha384" => AlgorithmId.Sha384,
        "sha512" => AlgorithmId.Sha512,
        _ => AlgorithmId.None,
    };
}
