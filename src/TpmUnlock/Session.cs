using System;
using System.Security.Cryptography;
using InitRuntime.Crypto;
using InitRuntime.Formats.Tpm;
using InitRuntime.Linux;

namespace InitRuntime.TpmUnlock;

/// <summary>
/// A session of the TPM: HMAC or policy, SHA-256, parameters encrypted with AES-128-CFB, salted to a key whose Name is known, so
/// that nobody on the bus can read or change what it protects (TPM 2.0 Library part 1, 19.6 and 21).
/// </summary>
internal sealed class Session : IDisposable
{
    internal const AlgorithmId Hash = AlgorithmId.Sha256;
    internal const int NonceLength = 32;
    internal const int KeyBits = 128;
    private const int DigestLength = 32;
    private const int CipherKeyLength = KeyBits / 8;
    private const int MaximumAuthValueLength = DigestLength;

    private readonly Tpm _tpm;
    private readonly byte[] _nonceCaller = new byte[NonceLength];
    private readonly SecretBuffer _keys = new(DigestLength + MaximumAuthValueLength);
    private byte[] _nonceTpm = [];
    private int _authValueLength;

    internal Session(Tpm tpm) => _tpm = tpm;

    /// <summary>The session's handle; 0 once it is gone.</summary>
    internal uint Handle { get; private set; }

    /// <summary>What the next command does with this session.</summary>
    internal SessionAttributes Attributes { get; set; } = SessionAttributes.Continue;

    /// <summary>Takes over what TPM2_StartAuthSession answered, and derives the session key from the salt.</summary>
    internal void Begin(uint handle, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> nonceCaller, ReadOnlySpan<byte> nonceTpm)
    {
        Handle = handle;
        nonceCaller.CopyTo(_nonceCaller);
        _nonceTpm = nonceTpm.ToArray();
        TpmKdf.DeriveA(DigestAlgorithm.Sha256, salt, "ATH"u8, nonceTpm, nonceCaller, _keys.Span[..DigestLength]);
    }

    /// <summary>The authorization value of the object this session is going to authorize; trailing zeros do not count.</summary>
    internal void SetAuthValue(ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> trimmed = value.TrimEnd((byte)0);
        trimmed.CopyTo(_keys.Span[DigestLength..]);
        _authValueLength = trimmed.Length;
    }

    /// <summary>Draws a new nonce; first step of each command.</summary>
    internal void Renew() => RandomBytes.Fill(_nonceCaller);

    /// <summary>Encrypts the first parameter of a command in place.</summary>
    internal void EncryptParameter(Span<byte> data) => Cipher(data, _nonceCaller, _nonceTpm, encrypt: true);

    /// <summary>Decrypts the first parameter of an answer in place.</summary>
    internal void DecryptParameter(Span<byte> data) => Cipher(data, _nonceTpm, _nonceCaller, encrypt: false);

    /// <summary>Writes this session's TPMS_AUTH_COMMAND.</summary>
    internal void WriteAuthorization(ref WireWriter writer, scoped ReadOnlySpan<byte> commandDigest)
    {
        writer.U32(Handle);
        writer.Sized(_nonceCaller);
        writer.U8((byte)Attributes);
        Span<byte> mac = stackalloc byte[DigestLength];
        Authenticate(commandDigest, _nonceCaller, _nonceTpm, (byte)Attributes, mac);
        writer.Sized(mac);
    }

    /// <summary>Checks the answer's TPMS_AUTH_RESPONSE, and takes over its nonce.</summary>
    internal void CheckAuthorization(ReadOnlySpan<byte> area, ReadOnlySpan<byte> answerDigest, CommandCode command)
    {
        var reader = new Formats.SpanReader(area);
        ReadOnlySpan<byte> nonce = reader.Sized(Algorithms.MaximumDigestLength);
        byte attributes = reader.U8();
        ReadOnlySpan<byte> mac = reader.Sized(Algorithms.MaximumDigestLength);
        if (reader.Overrun || reader.Remaining != 0)
        {
            throw new TpmException(TpmFailure.BadAnswer, $"{CommandCodes.Name(command)}: authorization of the answer is malformed");
        }

        _nonceTpm = nonce.ToArray();
        Span<byte> expected = stackalloc byte[DigestLength];
        Authenticate(answerDigest, _nonceTpm, _nonceCaller, attributes, expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, mac))
        {
            throw new TpmException(
                TpmFailure.BadAnswer, $"{CommandCodes.Name(command)}: the answer's authentication code is wrong",
                "another chip may sit between this machine and its TPM");
        }

        if ((attributes & (byte)SessionAttributes.Continue) == 0)
        {
            Handle = 0;
        }
    }

    /// <summary>Ends the session in the TPM, when the TPM has not ended it itself, and wipes its keys.</summary>
    public void Dispose()
    {
        _keys.Dispose();
        if (Handle != 0)
        {
            _tpm.Forget(Handle);
            Handle = 0;
        }
    }

    private void Authenticate(
        ReadOnlySpan<byte> digest, ReadOnlySpan<byte> nonceNewer, ReadOnlySpan<byte> nonceOlder, byte attributes, Span<byte> mac)
    {
        var hmac = new Hmac(DigestAlgorithm.Sha256, _keys.Span[..(DigestLength + _authValueLength)]);
        try
        {
            hmac.Append(digest);
            hmac.Append(nonceNewer);
            hmac.Append(nonceOlder);
            hmac.Append([attributes]);
            hmac.Finish(mac);
        }
        finally
        {
            hmac.Dispose();
        }
    }

    private void Cipher(Span<byte> data, ReadOnlySpan<byte> nonceNewer, ReadOnlySpan<byte> nonceOlder, bool encrypt)
    {
        Span<byte> keyAndVector = stackalloc byte[CipherKeyLength + AesKey.BlockLength];
        TpmKdf.DeriveA(
            DigestAlgorithm.Sha256, _keys.Span[..(DigestLength + _authValueLength)], "CFB"u8, nonceNewer, nonceOlder, keyAndVector);
        if (encrypt)
        {
            AesCfb.Encrypt(keyAndVector[..CipherKeyLength], keyAndVector[CipherKeyLength..], data);
        }
        else
        {
            AesCfb.Decrypt(keyAndVector[..CipherKeyLength], keyAndVector[CipherKeyLength..], data);
        }

        CryptographicOperations.ZeroMemory(keyAndVector);
    }
}
