using System;

namespace InitRuntime.Formats.Tpm;

/// <summary>The outer form of an answer: tag, length, code, and what follows (TPM 2.0 Library part 1, 18).</summary>
public readonly ref struct Response
{
    private Response(ResponseCode code, uint handle, ReadOnlySpan<byte> parameters, ReadOnlySpan<byte> authorizations)
    {
        Code = code;
        Handle = handle;
        Parameters = parameters;
        Authorizations = authorizations;
    }

    /// <summary>How the command ended.</summary>
    public ResponseCode Code { get; }

    /// <summary>The handle the command made; 0 when it makes none.</summary>
    public uint Handle { get; }

    /// <summary>The parameters, possibly with the first one encrypted.</summary>
    public ReadOnlySpan<byte> Parameters { get; }

    /// <summary>The authorization area: one TPMS_AUTH_RESPONSE for each session of the command; empty without sessions.</summary>
    public ReadOnlySpan<byte> Authorizations { get; }

    /// <summary>Takes an answer apart.</summary>
    /// <param name="answer">The whole answer, nothing after it.</param>
    /// <param name="sentSessions">Whether the command had an authorization area.</param>
    /// <param name="hasHandle">Whether a successful answer carries a handle.</param>
    /// <param name="value">Its parts; only the code when the command failed.</param>
    /// <param name="error">Why it was refused.</param>
    public static bool TryParse(ReadOnlySpan<byte> answer, bool sentSessions, bool hasHandle, out Response value, out ParseError error)
    {
        value = default;
        var reader = new SpanReader(answer);
        ushort tag = reader.U16BigEndian();
        uint length = reader.U32BigEndian();
        var code = new ResponseCode(reader.U32BigEndian());
        error = reader.Overrun ? new("TPM answer cut short")
            : length != (uint)answer.Length ? new($"TPM answer of {answer.Length} bytes that says {length}")
            : default;
        if (error.IsError)
        {
            return false;
        }

        if (!code.IsSuccess)
        {
            value = new(code, 0, default, default);
            return true;
        }

        if (tag != (sentSessions ? Wire.Sessions : Wire.NoSessions))
        {
            error = new($"TPM answer with tag 0x{tag:x4}");
            return false;
        }

        uint handle = hasHandle ? reader.U32BigEndian() : 0;
        ReadOnlySpan<byte> parameters;
        ReadOnlySpan<byte> authorizations = default;
        if (sentSessions)
        {
            uint parameterLength = reader.U32BigEndian();
            parameters = reader.Bytes(parameterLength <= (uint)reader.Remaining ? (int)parameterLength : -1);
            authorizations = reader.Bytes(reader.Remaining);
        }
        else
        {
            parameters = reader.Bytes(reader.Remaining);
        }

        error = reader.Overrun ? new("TPM answer cut short") : default;
        value = new(code, handle, parameters, authorizations);
        return !error.IsError;
    }
}
