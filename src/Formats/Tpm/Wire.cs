using System;

namespace InitRuntime.Formats.Tpm;

/// <summary>Numbers of the TPM's wire format (TPM 2.0 Library part 2). All fields are big endian.</summary>
public static class Wire
{
    /// <summary>TPM_ST_NO_SESSIONS: a command or answer without an authorization area.</summary>
    public const ushort NoSessions = 0x8001;

    /// <summary>TPM_ST_SESSIONS: a command or answer with an authorization area.</summary>
    public const ushort Sessions = 0x8002;

    /// <summary>TPM_ST_VERIFIED: the ticket of TPM2_VerifySignature.</summary>
    public const ushort TicketVerified = 0x8022;

    /// <summary>Tag, size and code in front of every command and answer, in bytes.</summary>
    public const int HeaderLength = 10;

    /// <summary>The largest command or answer that is sent or taken, in bytes (MAX_COMMAND_SIZE of the TPMs in the field).</summary>
    public const int MaximumLength = 4096;

    /// <summary>The largest TPM2B_PUBLIC or TPM2B_PRIVATE content taken, in bytes; RSA-4096 fits.</summary>
    public const int MaximumAreaLength = 2048;

    /// <summary>The largest TPM2B_NAME content, in bytes: an algorithm and a SHA-512 digest.</summary>
    public const int MaximumNameLength = 2 + Algorithms.MaximumDigestLength;

    /// <summary>The largest data sealed in an object, in bytes (MAX_SYM_DATA).</summary>
    public const int MaximumSealedLength = 128;
}

/// <summary>Handles with a fixed meaning (TPM 2.0 Library part 2, "TPM_RH", and the TCG's reserved handle registry).</summary>
public static class Handles
{
    /// <summary>TPM_RH_OWNER: the storage hierarchy.</summary>
    public const uint Owner = 0x40000001;

    /// <summary>TPM_RH_NULL: the null hierarchy, or no object.</summary>
    public const uint Null = 0x40000007;

    /// <summary>TPM_RS_PW: a password in place of a session.</summary>
    public const uint Password = 0x40000009;

    /// <summary>The shared storage root key (TCG TPM v2.0 Provisioning Guidance, 7.8).</summary>
    public const uint StorageRootKey = 0x81000001;

    /// <summary>
    /// The handle type in the top byte: 0x00 PCR, 0x01 NV, 0x02 and 0x03 sessions, 0x40 permanent, 0x80 transient, 0x81
    /// persistent.
    /// </summary>
    public static byte Type(uint handle) => (byte)(handle >> 24);
}

/// <summary>TPMA_OBJECT.</summary>
[Flags]
public enum ObjectAttributes : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>fixedTPM: cannot leave this TPM.</summary>
    FixedTpm = 1 << 1,

    /// <summary>fixedParent.</summary>
    FixedParent = 1 << 4,

    /// <summary>sensitiveDataOrigin: the TPM made the secret part.</summary>
    SensitiveDataOrigin = 1 << 5,

    /// <summary>userWithAuth: its authorization value alone is enough.</summary>
    UserWithAuth = 1 << 6,

    /// <summary>adminWithPolicy.</summary>
    AdminWithPolicy = 1 << 7,

    /// <summary>noDA: failures do not count towards the dictionary attack lockout.</summary>
    NoDictionaryAttackProtection = 1 << 10,

    /// <summary>restricted.</summary>
    Restricted = 1 << 16,

    /// <summary>decrypt.</summary>
    Decrypt = 1 << 17,

    /// <summary>sign (and encrypt).</summary>
    Sign = 1 << 18,
}

/// <summary>TPMA_SESSION.</summary>
[Flags]
public enum SessionAttributes
{
    /// <summary>None: the session ends with the command.</summary>
    None = 0,

    /// <summary>continueSession: the session lives on after success.</summary>
    Continue = 1,

    /// <summary>decrypt: the first parameter of the command is encrypted.</summary>
    Decrypt = 0x20,

    /// <summary>encrypt: the first parameter of the answer is encrypted.</summary>
    Encrypt = 0x40,
}
