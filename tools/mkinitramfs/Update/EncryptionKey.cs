using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Update;

/// <summary>The AES key of update files: AES-256-CBC with PKCS#7 padding, the one way to encrypt that Debian's SWUpdate reads.</summary>
/// <remarks>Source: SWUpdate's doc/source/encrypted_images.rst; core/util.c, <c>load_decryption_key</c>.</remarks>
internal sealed class EncryptionKey
{
    private const int KeyLength = 32;
    private const int VectorLength = 16;

    private readonly byte[] _key;

    private EncryptionKey(byte[] key) => _key = key;

    /// <summary>A new one, as the text of its file. SWUpdate wants a vector there; each member has one of its own.</summary>
    internal static string Make() => string.Create(
        CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyLength))} {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(VectorLength))}\n");

    /// <summary>Reads a file of that form.</summary>
    /// <exception cref="BuildException">It is none.</exception>
    internal static EncryptionKey Read(string path)
    {
        string[] words;
        try
        {
            words = File.ReadAllText(path).Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BuildException($"signing.update-encryption-key: {path}: {e.Message}", inner: e);
        }

        return words is [{ Length: 2 * KeyLength } key, { Length: 2 * VectorLength } vector] && (key + vector).All(char.IsAsciiHexDigit)
            ? new(Convert.FromHexString(key))
            : throw new BuildException(
                $"signing.update-encryption-key: {path}: not a key of {2 * KeyLength} hex digits and a vector of {2 * VectorLength}", "make one: initruntime keys DIR");
    }

    /// <summary>
    /// Encrypts a file. Its vector is made from key, image and content, so that the same inputs give the same bytes, and nobody without the key can
    /// foretell it.
    /// </summary>
    /// <returns>The vector, as hex digits.</returns>
    internal string Encrypt(string file, string output, Guid image)
    {
        using FileStream plain = File.OpenRead(file);
        byte[] what = [.. image.ToByteArray(), .. Encoding.UTF8.GetBytes(Path.GetFileName(file)), .. SHA256.HashData(plain)];
        byte[] vector = HMACSHA256.HashData(_key, what)[..VectorLength];
        plain.Position = 0;
        using var aes = Aes.Create();
        aes.Key = _key;
        using ICryptoTransform transform = aes.CreateEncryptor(_key, vector);
        using FileStream encrypted = File.Create(output);
        using var stream = new CryptoStream(encrypted, transform, CryptoStreamMode.Write);
        plain.CopyTo(stream);
        stream.FlushFinalBlock();
        return Convert.ToHexStringLower(vector);
    }
}
