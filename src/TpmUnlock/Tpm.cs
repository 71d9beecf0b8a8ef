using System;
using System.Security.Cryptography;
using InitRuntime.Crypto;
using InitRuntime.Formats;
using InitRuntime.Formats.Tpm;
using InitRuntime.Linux;

namespace InitRuntime.TpmUnlock;

/// <summary>
/// A TPM 2.0: one method for each command, grouped by subject over the files of this class. Commands and answers pass through one
/// locked buffer, which is wiped after each secret. Not for use by two threads.
/// </summary>
public sealed partial class Tpm : IDisposable
{
    private const int MaximumResends = 20;
    private static readonly TimeSpan _resendPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan _keyTimeLimit = TimeSpan.FromSeconds(90);

    private readonly ITpmTransport _transport;
    private readonly TimeSpan _timeLimit;
    private readonly SecretBuffer _memory = new(3 * Wire.MaximumLength);
    private bool _lost;

    /// <summary>Talks over <paramref name="transport"/>, and disposes it in the end.</summary>
    /// <param name="transport">The way to the TPM.</param>
    /// <param name="timeLimit">For each command; those that make a key may take 90 s if that is more. Default: 10 s.</param>
    public Tpm(ITpmTransport transport, TimeSpan? timeLimit = null)
    {
        _transport = transport;
        _timeLimit = timeLimit ?? TimeSpan.FromSeconds(10);
    }

    /// <summary>
    /// Whether an object was used whose failures count towards the lockout since the last <see cref="Shutdown"/>: one is due.
    /// </summary>
    public bool NeedsShutdown { get; private set; }

    private Span<byte> CommandBytes => _memory.Span[..Wire.MaximumLength];

    private Span<byte> AnswerBytes => _memory.Span.Slice(Wire.MaximumLength, Wire.MaximumLength);

    private Span<byte> ParameterBytes => _memory.Span[(2 * Wire.MaximumLength)..];

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory.Dispose();
        _transport.Dispose();
    }

    /// <summary>
    /// Drops an object or session of the TPM. Nothing depends on success: the kernel drops what is left when it is closed.
    /// </summary>
    internal void Forget(uint handle)
    {
        if (_lost)
        {
            return;
        }

        WireWriter parameters = Parameters();
        parameters.U32(handle);
        try
        {
            Execute(CommandCode.FlushContext, [], Authorization.None, parameters);
        }
        catch (TpmException)
        {
            // The handle is of no further use either way, and the failure that led here is the one to report.
        }
    }

    private WireWriter Parameters() => new(ParameterBytes);

    /// <summary>Runs a command and gives its answer, which is valid until the next command.</summary>
    /// <exception cref="TpmException">It failed, by transport, by code or by a wrong authentication code.</exception>
    private Response Execute(
        CommandCode command, scoped ReadOnlySpan<Entity> handles, Authorization authorization, WireWriter parameters,
        bool makesHandle = false, string? what = null, bool makesKey = false)
    {
        Response response = TryExecute(command, handles, authorization, parameters, makesHandle, makesKey);
        return response.Code.IsSuccess ? response : throw Refused(command, response.Code, what);
    }

    /// <summary>As <see cref="Execute"/>, for a caller that expects some codes.</summary>
    private Response TryExecute(
        CommandCode command, scoped ReadOnlySpan<Entity> handles, Authorization authorization, WireWriter parameters,
        bool makesHandle = false, bool makesKey = false)
    {
        if (_lost)
        {
            throw new TpmException(TpmFailure.Device, $"{CommandCodes.Name(command)}: the TPM is given up after an earlier failure");
        }

        int length = Assemble(command, handles, authorization, parameters);
        for (int sent = 1; ; sent++)
        {
            int answered = Exchange(command, CommandBytes[..length], makesKey && _keyTimeLimit > _timeLimit ? _keyTimeLimit : _timeLimit);
            if (!Response.TryParse(
                AnswerBytes[..answered], authorization.IsPresent, makesHandle, out Response response, out ParseError error))
            {
                throw new TpmException(TpmFailure.BadAnswer, $"{CommandCodes.Name(command)}: {error.Message}");
            }

            if (response.Code.IsTransient && sent < MaximumResends)
            {
                // The TPM did not begin: the nonces stand, and the same bytes are sent again.
                Poll.Until(Deadline.After(_resendPause * sent));
                continue;
            }

            if (response.Code.IsSuccess && authorization.Session is { } session)
            {
                Authenticate(command, response, session);
            }

            return response;
        }
    }

    private int Exchange(CommandCode command, ReadOnlySpan<byte> bytes, TimeSpan timeLimit)
    {
        int answered;
        try
        {
            answered = _transport.Exchange(bytes, AnswerBytes, timeLimit);
        }
        catch (TpmException)
        {
            _lost = true;
            throw;
        }

        if (answered < 0 || answered > Wire.MaximumLength)
        {
            _lost = true;
            throw new TpmException(TpmFailure.TimedOut, $"{CommandCodes.Name(command)}: no answer within {timeLimit.TotalSeconds:0.#} s");
        }

        return answered;
    }

    private int Assemble(CommandCode command, scoped ReadOnlySpan<Entity> handles, Authorization authorization, WireWriter parameters)
    {
        var writer = new WireWriter(CommandBytes);
        writer.U16(authorization.IsPresent ? Wire.Sessions : Wire.NoSessions);
        int lengthAt = writer.Position;
        writer.U32(0);
        writer.U32((uint)command);
        foreach (Entity handle in handles)
        {
            writer.U32(handle.Handle);
        }

        if (authorization.IsPresent)
        {
            int areaAt = writer.Position;
            writer.U32(0);
            if (authorization.Session is { } session)
            {
                session.Renew();
                if ((session.Attributes & SessionAttributes.Decrypt) != 0)
                {
                    session.EncryptParameter(FirstParameter(parameters.Written));
                }

                Span<byte> digest = stackalloc byte[PolicyDigest.Length];
                CommandDigest(command, handles, parameters.Written, digest);
                session.WriteAuthorization(ref writer, digest);
            }
            else
            {
                writer.U32(Handles.Password);
                writer.Sized([]);
                writer.U8(0);
                writer.Sized([]);
            }

            writer.PatchU32(areaAt, (uint)(writer.Position - areaAt - sizeof(uint)));
        }

        writer.Bytes(parameters.Written);
        if (writer.Overrun || parameters.Overrun)
        {
            throw new TpmException(TpmFailure.BadToken, $"{CommandCodes.Name(command)}: longer than {Wire.MaximumLength} bytes");
        }

        writer.PatchU32(lengthAt, (uint)writer.Position);
        return writer.Position;
    }

    private void Authenticate(CommandCode command, Response response, Session session)
    {
        Span<byte> digest = stackalloc byte[PolicyDigest.Length];
        var hash = new StackDigest(DigestAlgorithm.Sha256);
        var head = new WireWriter(stackalloc byte[2 * sizeof(uint)]);
        head.U32(response.Code.Value);
        head.U32((uint)command);
        hash.Append(head.Written);
        hash.Append(response.Parameters);
        hash.Finish(digest);
        hash.Dispose();
        session.CheckAuthorization(response.Authorizations, digest, command);
        if ((session.Attributes & SessionAttributes.Encrypt) != 0)
        {
            // The parameters lie in the answer's buffer, after the header, any handle, and their length.
            int start = Wire.HeaderLength + (response.Handle != 0 ? sizeof(uint) : 0) + sizeof(uint);
            session.DecryptParameter(FirstParameter(AnswerBytes.Slice(start, response.Parameters.Length)));
        }
    }

    private static void CommandDigest(CommandCode command, ReadOnlySpan<Entity> handles, ReadOnlySpan<byte> parameters, Span<byte> digest)
    {
        var hash = new StackDigest(DigestAlgorithm.Sha256);
        var head = new WireWriter(stackalloc byte[sizeof(uint)]);
        head.U32((uint)command);
        hash.Append(head.Written);
        foreach (Entity handle in handles)
        {
            handle.AppendName(ref hash);
        }

        hash.Append(parameters);
        hash.Finish(digest);
        hash.Dispose();
    }

    /// <summary>The content of the TPM2B that comes first.</summary>
    private static Span<byte> FirstParameter(Span<byte> parameters)
    {
        var reader = new SpanReader(parameters);
        int length = reader.U16BigEndian();
        return reader.Overrun || length > reader.Remaining
            ? throw new TpmException(TpmFailure.BadAnswer, "an encrypted parameter is cut short")
            : parameters.Slice(sizeof(ushort), length);
    }

    private static TpmException Malformed(CommandCode command, ParseError error = default) =>
        new(TpmFailure.BadAnswer, $"{CommandCodes.Name(command)}: {(error.IsError ? error.Message : "answer is malformed")}");

    private TpmException Refused(CommandCode command, ResponseCode code, string? what)
    {
        if (code.Number == ResponseCode.Lockout)
        {
            return LockedOut(command, code, what);
        }

        TpmFailure failure = code.Number switch
        {
            ResponseCode.Integrity => TpmFailure.OtherTpm,
            ResponseCode.PcrChanged => TpmFailure.PcrUnstable,
            _ => TpmFailure.Refused,
        };
        return new(failure, command, code, what);
    }

    /// <summary>The exception for a code that a caller got itself.</summary>
    internal TpmException Explain(CommandCode command, ResponseCode code, string? what = null) => Refused(command, code, what);

    private void WipeBuffers() => CryptographicOperations.ZeroMemory(_memory.Span);

    /// <summary>What a command works on: a handle, and the Name that authorizations are bound to.</summary>
    internal readonly record struct Entity(uint Handle, byte[]? Name = null)
    {
        internal void AppendName(ref StackDigest digest)
        {
            if (Name is { } name)
            {
                digest.Append(name);
                return;
            }

            var writer = new WireWriter(stackalloc byte[sizeof(uint)]);
            writer.U32(Handle);
            digest.Append(writer.Written);
        }
    }

    /// <summary>How a command is authorized: not at all, by the empty password, or by a session.</summary>
    internal readonly record struct Authorization(bool IsPresent, Session? Session)
    {
        internal static Authorization None => default;

        internal static Authorization EmptyPassword => new(true, null);

        internal static Authorization By(Session session) => new(true, session);
    }
}
