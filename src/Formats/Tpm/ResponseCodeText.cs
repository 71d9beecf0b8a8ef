namespace InitRuntime.Formats.Tpm;

/// <summary>Names of response codes (TPM 2.0 Library part 2, 6.6.3) and what they mean, in plain English.</summary>
internal static class ResponseCodeText
{
    /// <summary>Name and meaning of a code as <see cref="ResponseCode.Number"/> gives it.</summary>
    internal static (string Name, string Meaning) Of(uint number) => (number & 0x80) != 0 ? FormatOne(number)
        : number >= 0x900 ? Warning(number)
        : FormatZero(number);

    private static (string Name, string Meaning) FormatZero(uint number) => number switch
    {
        0x000 => ("TPM_RC_SUCCESS", "success"),
        0x01e => ("TPM_RC_BAD_TAG", "this is not a TPM 2.0"),
        0x100 => ("TPM_RC_INITIALIZE", "not started yet, or started twice"),
        0x101 => ("TPM_RC_FAILURE", "the TPM is in failure mode; only a power cycle helps"),
        0x103 => ("TPM_RC_SEQUENCE", "wrong use of a hash sequence"),
        0x10b => ("TPM_RC_PRIVATE", "private area refused"),
        0x119 => ("TPM_RC_HMAC", "wrong use of an HMAC"),
        0x120 => ("TPM_RC_DISABLED", "the command or hierarchy is disabled"),
        0x121 => ("TPM_RC_EXCLUSIVE", "audit sequence is not exclusive"),
        0x124 => ("TPM_RC_AUTH_TYPE", "this authorization is not allowed for that handle"),
        0x125 => ("TPM_RC_AUTH_MISSING", "an authorization is missing"),
        0x126 => ("TPM_RC_POLICY", "the policy was not satisfied, or its file is wrong"),
        0x127 => ("TPM_RC_PCR", "PCR check failed"),
        0x128 => ("TPM_RC_PCR_CHANGED", "a PCR changed during the policy session"),
        0x12d => ("TPM_RC_UPGRADE", "the TPM is in firmware upgrade mode"),
        0x12e => ("TPM_RC_TOO_MANY_CONTEXTS", "too many contexts"),
        0x12f => ("TPM_RC_AUTH_UNAVAILABLE", "the authorization value or policy is not available for that entity"),
        0x130 => ("TPM_RC_REBOOT", "the TPM wants a restart of the machine"),
        0x131 => ("TPM_RC_UNBALANCED", "digest sizes of algorithms do not match"),
        0x142 => ("TPM_RC_COMMAND_SIZE", "wrong command size"),
        0x143 => ("TPM_RC_COMMAND_CODE", "the TPM does not have this command"),
        0x144 => ("TPM_RC_AUTHSIZE", "wrong size of the authorization area"),
        0x145 => ("TPM_RC_AUTH_CONTEXT", "this command takes no such session"),
        0x146 => ("TPM_RC_NV_RANGE", "outside of the NV index"),
        0x147 => ("TPM_RC_NV_SIZE", "NV index of another size"),
        0x148 => ("TPM_RC_NV_LOCKED", "the NV index is locked"),
        0x149 => ("TPM_RC_NV_AUTHORIZATION", "access to the NV index is not allowed that way"),
        0x14a => ("TPM_RC_NV_UNINITIALIZED", "the NV index was never written"),
        0x14b => ("TPM_RC_NV_SPACE", "no space left in the TPM's NV memory"),
        0x14c => ("TPM_RC_NV_DEFINED", "the handle is in use already"),
        0x150 => ("TPM_RC_BAD_CONTEXT", "saved context refused"),
        0x151 => ("TPM_RC_CPHASH", "another command was authorized"),
        0x152 => ("TPM_RC_PARENT", "this object cannot be a parent"),
        0x153 => ("TPM_RC_NEEDS_TEST", "a self test must run first"),
        0x154 => ("TPM_RC_NO_RESULT", "no result for an unspecified reason"),
        0x155 => ("TPM_RC_SENSITIVE", "the sensitive area did not unmarshal"),
        _ => Unknown(number),
    };

    private static (string Name, string Meaning) FormatOne(uint number) => number switch
    {
        0x081 => ("TPM_RC_ASYMMETRIC", "asymmetric algorithm not supported"),
        0x082 => ("TPM_RC_ATTRIBUTES", "inconsistent attributes"),
        0x083 => ("TPM_RC_HASH", "hash not supported"),
        0x084 => ("TPM_RC_VALUE", "value out of range or wrong here"),
        0x085 => ("TPM_RC_HIERARCHY", "the hierarchy is disabled or wrong"),
        0x087 => ("TPM_RC_KEY_SIZE", "key size not supported"),
        0x088 => ("TPM_RC_MGF", "mask generation function not supported"),
        0x089 => ("TPM_RC_MODE", "mode of operation not supported"),
        0x08a => ("TPM_RC_TYPE", "wrong type of object"),
        0x08b => ("TPM_RC_HANDLE", "no such handle"),
        0x08c => ("TPM_RC_KDF", "key derivation not supported"),
        0x08d => ("TPM_RC_RANGE", "value outside of its range"),
        0x08e => ("TPM_RC_AUTH_FAIL", "the authorization is wrong; the TPM counts this towards its lockout"),
        0x08f => ("TPM_RC_NONCE", "wrong nonce"),
        0x090 => ("TPM_RC_PP", "physical presence is needed"),
        0x092 => ("TPM_RC_SCHEME", "scheme not supported"),
        0x095 => ("TPM_RC_SIZE", "wrong size"),
        0x096 => ("TPM_RC_SYMMETRIC", "symmetric algorithm not supported"),
        0x097 => ("TPM_RC_TAG", "wrong tag"),
        0x098 => ("TPM_RC_SELECTOR", "wrong selector"),
        0x09a => ("TPM_RC_INSUFFICIENT", "the command is too short"),
        0x09b => ("TPM_RC_SIGNATURE", "the signature is wrong"),
        0x09c => ("TPM_RC_KEY", "the key's fields do not fit its use"),
        0x09d => ("TPM_RC_POLICY_FAIL", "the policy check failed"),
        0x09f => ("TPM_RC_INTEGRITY", "integrity check failed: not made by this TPM under this parent"),
        0x0a0 => ("TPM_RC_TICKET", "ticket refused"),
        0x0a1 => ("TPM_RC_RESERVED_BITS", "reserved bits are set"),
        0x0a2 => ("TPM_RC_BAD_AUTH", "the authorization is wrong; this one does not count towards the lockout"),
        0x0a3 => ("TPM_RC_EXPIRED", "the policy has expired"),
        0x0a4 => ("TPM_RC_POLICY_CC", "the policy is for another command"),
        0x0a5 => ("TPM_RC_BINDING", "public and sensitive areas do not belong together"),
        0x0a6 => ("TPM_RC_CURVE", "curve not supported"),
        0x0a7 => ("TPM_RC_ECC_POINT", "point not on the curve"),
        _ => Unknown(number),
    };

    private static (string Name, string Meaning) Warning(uint number) => number switch
    {
        0x901 => ("TPM_RC_CONTEXT_GAP", "gap of session contexts too large"),
        0x902 => ("TPM_RC_OBJECT_MEMORY", "no room for another object in the TPM"),
        0x903 => ("TPM_RC_SESSION_MEMORY", "no room for another session in the TPM"),
        0x904 => ("TPM_RC_MEMORY", "the TPM is out of memory"),
        0x905 => ("TPM_RC_SESSION_HANDLES", "no session handle left"),
        0x906 => ("TPM_RC_OBJECT_HANDLES", "no object handle left"),
        0x907 => ("TPM_RC_LOCALITY", "wrong locality"),
        0x908 => ("TPM_RC_YIELDED", "the TPM was busy, send again"),
        0x909 => ("TPM_RC_CANCELED", "the command was cancelled"),
        0x90a => ("TPM_RC_TESTING", "the TPM is testing itself, send again"),
        >= 0x910 and <= 0x916 => ($"TPM_RC_REFERENCE_H{number - 0x910}", $"handle {number - 0x90f} is not loaded"),
        >= 0x918 and <= 0x91e => ($"TPM_RC_REFERENCE_S{number - 0x918}", $"session {number - 0x917} is not loaded"),
        0x920 => ("TPM_RC_NV_RATE", "the TPM slows down writes to its memory, send again later"),
        0x921 => ("TPM_RC_LOCKOUT", "too many wrong authorizations: the TPM refuses more for now"),
        0x922 => ("TPM_RC_RETRY", "the TPM could not start the command, send again"),
        0x923 => ("TPM_RC_NV_UNAVAILABLE", "the TPM's memory cannot be written now"),
        _ => Unknown(number),
    };

    private static (string Name, string Meaning) Unknown(uint number) =>
        ($"TPM response 0x{number:x}", "not a code of the TPM 2.0 Library that is known here");
}
