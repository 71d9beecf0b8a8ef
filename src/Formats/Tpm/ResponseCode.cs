namespace InitRuntime.Formats.Tpm;

/// <summary>
/// TPM_RC: how a command ended (TPM 2.0 Library part 2, 6.6). A code may carry which handle, parameter or session it is about.
/// </summary>
/// <param name="Value">The 32 bits of the answer.</param>
public readonly record struct ResponseCode(uint Value)
{
    /// <summary>TPM_RC_SUCCESS.</summary>
    public const uint Success = 0;

    /// <summary>TPM_RC_INITIALIZE: for TPM2_Startup, that it ran already.</summary>
    public const uint Initialize = 0x100;

    /// <summary>TPM_RC_PCR_CHANGED: a PCR was extended during a policy session.</summary>
    public const uint PcrChanged = 0x128;

    /// <summary>TPM_RC_COMMAND_CODE: the TPM does not have this command.</summary>
    public const uint UnknownCommand = 0x143;

    /// <summary>TPM_RC_NV_DEFINED, also of TPM2_EvictControl: the handle is in use.</summary>
    public const uint NvDefined = 0x14c;

    /// <summary>TPM_RC_YIELDED: send again.</summary>
    public const uint Yielded = 0x908;

    /// <summary>TPM_RC_TESTING: send again.</summary>
    public const uint Testing = 0x90a;

    /// <summary>TPM_RC_LOCKOUT: too many wrong authorizations, the TPM refuses more for now.</summary>
    public const uint Lockout = 0x921;

    /// <summary>TPM_RC_RETRY: send again.</summary>
    public const uint Retry = 0x922;

    /// <summary>TPM_RC_NV_RATE: send again, later.</summary>
    public const uint NvRate = 0x920;

    /// <summary>TPM_RC_NV_UNAVAILABLE.</summary>
    public const uint NvUnavailable = 0x923;

    /// <summary>TPM_RC_HANDLE without its subject: the handle does not exist.</summary>
    public const uint Handle = 0x08b;

    /// <summary>TPM_RC_AUTH_FAIL without its subject: wrong authorization of an object that counts towards the lockout.</summary>
    public const uint AuthFail = 0x08e;

    /// <summary>TPM_RC_POLICY_FAIL without its subject.</summary>
    public const uint PolicyFail = 0x09d;

    /// <summary>TPM_RC_INTEGRITY without its subject: a blob that this TPM, or this parent, did not make.</summary>
    public const uint Integrity = 0x09f;

    /// <summary>TPM_RC_SIGNATURE without its subject.</summary>
    public const uint Signature = 0x09b;

    /// <summary>TPM_RC_VALUE without its subject.</summary>
    public const uint OutOfRange = 0x084;

    /// <summary>TPM_RC_BAD_AUTH without its subject: wrong authorization of an object outside the lockout.</summary>
    public const uint BadAuth = 0x0a2;

    private const uint FormatOne = 0x080;
    private const uint IsParameter = 0x040;
    private const uint IsSession = 0x800;
    private const uint Warning = 0x800;
    private const uint ResourceManagerLayer = 0x000b_0000;

    /// <summary>Whether the command succeeded.</summary>
    public bool IsSuccess => Value == Success;

    /// <summary>The code without layer and without the handle, parameter or session it is about: compare this one.</summary>
    public uint Number => (Code & FormatOne) != 0 ? Code & 0x0bf : Code;

    /// <summary>Whether the same command should be sent again.</summary>
    public bool IsTransient => Number is Yielded or Testing or Retry or NvRate;

    /// <summary>Whether an authorization value (a PIN, the owner's password) was wrong.</summary>
    public bool IsWrongAuthorization => Number is AuthFail or BadAuth;

    /// <summary>The constant's name in the TPM 2.0 Library, for example <c>TPM_RC_LOCKOUT</c>.</summary>
    public string Name => ResponseCodeText.Of(Number).Name;

    /// <summary>What the code is about: <c>handle 1</c>, <c>parameter 2</c>, <c>session 1</c>; empty when it does not say.</summary>
    public string Subject => (Code & FormatOne) == 0 ? ""
        : (Code & IsParameter) != 0 ? Numbered("parameter", (Code >> 8) & 0xf)
        : (Code & IsSession) != 0 ? Numbered("session", (Code >> 8) & 0x7)
        : Numbered("handle", (Code >> 8) & 0x7);

    // The kernel's resource manager answers for commands that it refuses itself, in its own layer with the TPM's numbers.
    private uint Code => (Value & 0xffff_0000) is 0 or ResourceManagerLayer ? Value & 0xffff : Value;

    /// <summary>For example <c>TPM_RC_AUTH_FAIL (0x98e), session 1: the authorization is wrong</c>.</summary>
    public override string ToString()
    {
        (string name, string meaning) = ResponseCodeText.Of(Number);
        string subject = Subject;
        return subject.Length == 0 ? $"{name} (0x{Value:x}): {meaning}" : $"{name} (0x{Value:x}), {subject}: {meaning}";
    }

    /// <summary>Whether it is a warning: nothing is wrong with the command itself.</summary>
    public bool IsWarning => (Code & FormatOne) == 0 && (Code & Warning) != 0;

    private static string Numbered(string what, uint number) => number == 0 ? "" : $"{what} {number}";
}
