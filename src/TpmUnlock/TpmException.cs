using System;
using InitRuntime.Formats.Tpm;

namespace InitRuntime.TpmUnlock;

/// <summary>Why the TPM did not give what was asked of it: what callers branch on, and what decides the hint to a person.</summary>
public enum TpmFailure
{
    /// <summary>There is no TPM 2.0, or its driver is not loaded.</summary>
    NoDevice,

    /// <summary>The device failed to take a command or to give an answer.</summary>
    Device,

    /// <summary>A command took longer than its limit.</summary>
    TimedOut,

    /// <summary>An answer is malformed, or its authentication code is wrong: somebody sits on the bus, or the TPM is broken.</summary>
    BadAnswer,

    /// <summary>The TPM refused a command for a reason with no name of its own here.</summary>
    Refused,

    /// <summary>Dictionary attack lockout: authorizations are refused for now.</summary>
    Lockout,

    /// <summary>A PIN is needed and was not given.</summary>
    PinNeeded,

    /// <summary>The PIN is wrong.</summary>
    WrongPin,

    /// <summary>PCR values are not those the secret was sealed for.</summary>
    PcrMismatch,

    /// <summary>No signature of the key that the secret wants fits the current PCR values, or there are none at all.</summary>
    NoSignature,

    /// <summary>A PCR changed again and again while its policy was checked.</summary>
    PcrUnstable,

    /// <summary>The secret belongs to another TPM, or this one was cleared since.</summary>
    OtherTpm,

    /// <summary>The token, signature or policy file is damaged or of an unknown kind.</summary>
    BadToken,

    /// <summary>The caller asked for a seal that would bind nothing: a PCR that was never extended, a bank that is off.</summary>
    UselessPolicy,
}

/// <summary>The TPM did not give what was asked of it. The message names what and where; it never holds a secret.</summary>
public sealed class TpmException : Exception
{
    /// <summary>A failure with no answer of the TPM behind it.</summary>
    public TpmException(TpmFailure failure, string message, string? hint = null)
        : base(message)
    {
        Failure = failure;
        Hint = hint;
    }

    /// <summary>A command that the TPM refused.</summary>
    public TpmException(TpmFailure failure, CommandCode command, ResponseCode code, string? what = null, string? hint = null)
        : base($"{(what is null ? "" : what + ": ")}{CommandCodes.Name(command)}: {code}")
    {
        Failure = failure;
        Code = code;
        Hint = hint;
    }

    /// <summary>What kind of failure.</summary>
    public TpmFailure Failure { get; }

    /// <summary>The TPM's answer, when it gave one.</summary>
    public ResponseCode Code { get; }

    /// <summary>What a person can do, when there is something.</summary>
    public string? Hint { get; }
}
