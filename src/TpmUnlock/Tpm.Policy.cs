using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using InitRuntime.Formats;
using InitRuntime.Formats.Tpm;
using InitRuntime.Linux;

namespace InitRuntime.TpmUnlock;

/// <summary>TPMT_TK_VERIFIED: the TPM's own proof that it verified a signature.</summary>
/// <param name="Hierarchy">Where the key was loaded.</param>
/// <param name="Digest">The proof.</param>
internal readonly record struct VerifiedTicket(uint Hierarchy, byte[] Digest);

public sealed partial class Tpm
{
    private const byte SessionTypeHmac = 0x00;
    private const byte SessionTypePolicy = 0x01;

    /// <summary>An HMAC session salted to a key.</summary>
    internal Session StartHmacSession(LoadedObject saltKey) => StartSession(saltKey, SessionTypeHmac);

    /// <summary>A policy session salted to a key.</summary>
    internal Session StartPolicySession(LoadedObject saltKey) => StartSession(saltKey, SessionTypePolicy);

    /// <summary>TPM2_PolicyPCR on the values the PCRs have now.</summary>
    internal void PolicyPcr(Session session, AlgorithmId bank, PcrMask pcrs)
    {
        WireWriter parameters = Parameters();
        parameters.Sized([]);
        pcrs.Write(ref parameters, bank);
        Execute(
            CommandCode.PolicyPcr, [new(session.Handle)], Authorization.None, parameters, what: $"PCRs {pcrs} of {Algorithms.Name(bank)}");
    }

    /// <summary>TPM2_PolicyOR.</summary>
    internal void PolicyOr(Session session, IReadOnlyList<byte[]> branches, string what)
    {
        WireWriter parameters = Parameters();
        parameters.U32((uint)branches.Count);
        foreach (byte[] branch in branches)
        {
            parameters.Sized(branch);
        }

        Response response = TryExecute(CommandCode.PolicyOr, [new(session.Handle)], Authorization.None, parameters);
        if (response.Code.Number == ResponseCode.OutOfRange)
        {
            throw new TpmException(TpmFailure.PcrMismatch, CommandCode.PolicyOr, response.Code, what);
        }

        if (!response.Code.IsSuccess)
        {
            throw Refused(CommandCode.PolicyOr, response.Code, what);
        }
    }

    /// <summary>TPM2_PolicyAuthValue: the use of the object will need its authorization value.</summary>
    internal void PolicyAuthValue(Session session) =>
        Execute(CommandCode.PolicyAuthValue, [new(session.Handle)], Authorization.None, Parameters());

    /// <summary>TPM2_PolicyAuthorize with an empty reference.</summary>
    internal void PolicyAuthorize(Session session, ReadOnlySpan<byte> approvedPolicy, ReadOnlySpan<byte> keyName, VerifiedTicket ticket)
    {
        WireWriter parameters = Parameters();
        parameters.Sized(approvedPolicy);
        parameters.Sized([]);
        parameters.Sized(keyName);
        parameters.U16(Wire.TicketVerified);
        parameters.U32(ticket.Hierarchy);
        parameters.Sized(ticket.Digest);
        Execute(CommandCode.PolicyAuthorize, [new(session.Handle)], Authorization.None, parameters);
    }

    /// <summary>
    /// TPM2_PolicyAuthorizeNV: the index holds the policy that the session is to have now. Read with the owner's empty password.
    /// </summary>
    internal Response TryPolicyAuthorizeNv(Session session, NvIndex index) =>
        TryExecute(
            CommandCode.PolicyAuthorizeNv, [new(Handles.Owner), new(index.Public.Index, index.Name), new(session.Handle)],
            Authorization.EmptyPassword, Parameters());

    /// <summary>TPM2_PolicyGetDigest.</summary>
    internal byte[] PolicyGetDigest(Session session)
    {
        Response response = Execute(CommandCode.PolicyGetDigest, [new(session.Handle)], Authorization.None, Parameters());
        var reader = new SpanReader(response.Parameters);
        ReadOnlySpan<byte> digest = reader.Sized(PolicyDigest.Length);
        return reader.Overrun || digest.Length != PolicyDigest.Length ? throw Malformed(CommandCode.PolicyGetDigest) : digest.ToArray();
    }

    /// <summary>TPM2_VerifySignature: RSASSA-PKCS1-v1_5 with SHA-256 over a digest.</summary>
    internal Response TryVerifySignature(LoadedObject key, ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature)
    {
        WireWriter parameters = Parameters();
        parameters.Sized(digest);
        parameters.Algorithm(AlgorithmId.RsaSsa);
        parameters.Algorithm(AlgorithmId.Sha256);
        parameters.Sized(signature);
        return TryExecute(CommandCode.VerifySignature, [key.Entity], Authorization.None, parameters);
    }

    /// <summary>Reads the ticket out of the answer of <see cref="TryVerifySignature"/>.</summary>
    internal static VerifiedTicket Ticket(Response response)
    {
        var reader = new SpanReader(response.Parameters);
        ushort tag = reader.U16BigEndian();
        uint hierarchy = reader.U32BigEndian();
        ReadOnlySpan<byte> digest = reader.Sized(Algorithms.MaximumDigestLength);
        return reader.Overrun || tag != Wire.TicketVerified
            ? throw Malformed(CommandCode.VerifySignature)
            : new VerifiedTicket(hierarchy, digest.ToArray());
    }

    private Session StartSession(LoadedObject saltKey, byte type)
    {
        Span<byte> salt = stackalloc byte[Algorithms.MaximumDigestLength];
        salt = salt[..Algorithms.DigestLength(saltKey.Public.NameHash)];
        Span<byte> nonce = stackalloc byte[Session.NonceLength];
        RandomBytes.Fill(nonce);
        var session = new Session(this);
        try
        {
            WireWriter parameters = Parameters();
            parameters.Sized(nonce);
            SessionSalt.Make(saltKey.Public, salt, ref parameters);
            parameters.U8(type);
            parameters.Algorithm(AlgorithmId.Aes);
            parameters.U16(Session.KeyBits);
            parameters.Algorithm(AlgorithmId.Cfb);
            parameters.Algorithm(Session.Hash);
            Response response = Execute(
                CommandCode.StartAuthSession, [saltKey.Entity, new(Handles.Null)], Authorization.None, parameters, makesHandle: true);
            var reader = new SpanReader(response.Parameters);
            ReadOnlySpan<byte> nonceTpm = reader.Sized(Algorithms.MaximumDigestLength);
            if (reader.Overrun || nonceTpm.IsEmpty)
            {
                throw Malformed(CommandCode.StartAuthSession);
            }

            session.Begin(response.Handle, salt, nonce, nonceTpm);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(salt);
        }
    }
}
