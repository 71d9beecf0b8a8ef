using System;

namespace InitRuntime.Formats.Tpm;

/// <summary>
/// The <c>tpm2-blob</c> of a systemd token: TPM2B_PRIVATE, TPM2B_PUBLIC, and for an object that was sealed without the TPM a
/// TPM2B_ENCRYPTED_SECRET (systemd src/shared/tpm2-util.c, tpm2_marshal_blob). Nothing in it is readable without the TPM.
/// </summary>
/// <param name="Private">The content of the TPM2B_PRIVATE.</param>
/// <param name="Public">The object's public area.</param>
/// <param name="Seed">The content of the TPM2B_ENCRYPTED_SECRET; empty when the object was made by the TPM.</param>
public sealed record SealedBlob(byte[] Private, PublicArea Public, byte[] Seed)
{
    /// <summary>The largest blob that is taken, in bytes.</summary>
    public const int MaximumLength = 8192;

    private const int MaximumSeedLength = 512;

    /// <summary>Reads a blob that fills <paramref name="data"/> exactly.</summary>
    public static bool TryParse(ReadOnlySpan<byte> data, out SealedBlob value, out ParseError error)
    {
        value = null!;
        if (data.Length > MaximumLength)
        {
            error = new($"sealed blob of {data.Length} bytes");
            return false;
        }

        var reader = new SpanReader(data);
        ReadOnlySpan<byte> secret = reader.Sized(Wire.MaximumAreaLength);
        ReadOnlySpan<byte> area = reader.Sized(Wire.MaximumAreaLength);
        ReadOnlySpan<byte> seed = !reader.Overrun && reader.Remaining > 0 ? reader.Sized(MaximumSeedLength) : default;
        if (reader.Overrun || secret.IsEmpty)
        {
            error = new("sealed blob cut short");
            return false;
        }

        if (reader.Remaining != 0)
        {
            error = new($"{reader.Remaining} bytes after the sealed blob");
            return false;
        }

        if (!PublicArea.TryParse(area, out PublicArea publicArea, out error))
        {
            return false;
        }

        if (publicArea.Type != AlgorithmId.KeyedHash)
        {
            error = new($"sealed object of type {Algorithms.Name(publicArea.Type)}");
            return false;
        }

        value = new(secret.ToArray(), publicArea, seed.ToArray());
        return true;
    }

    /// <summary>The blob's bytes.</summary>
    public byte[] Encode()
    {
        var writer = new WireWriter(new byte[MaximumLength]);
        writer.Sized(Private);
        Public.WriteSized(ref writer);
        if (Seed.Length != 0)
        {
            writer.Sized(Seed);
        }

        return writer.Overrun ? throw new InvalidOperationException("sealed blob too large") : writer.Written.ToArray();
    }
}
