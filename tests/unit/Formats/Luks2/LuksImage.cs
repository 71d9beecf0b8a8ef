using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Luks2;

/// <summary>A sparse image file that the real cryptsetup formatted, with the passphrase <c>first passphrase</c> in keyslot 0.</summary>
internal sealed class LuksImage : IDisposable
{
    internal const string Passphrase = "first passphrase";

    private const string Uuid = "01234567-89ab-cdef-0123-456789abcdef";

    private readonly TemporaryDirectory _directory = new();

    private LuksImage(long length)
    {
        KeyFile = KeyFileOf("key", Passphrase);
        using FileStream file = File.Create(Path);
        file.SetLength(length);
    }

    internal string Path => _directory["image"];

    internal string KeyFile { get; }

    internal ulong Length => (ulong)new FileInfo(Path).Length;

    /// <summary>An image of 20 MiB with cheap PBKDF2, unless <paramref name="options"/> say otherwise.</summary>
    internal static LuksImage Format(params string[] options)
    {
        LuksImage image = Empty();
        string[] kdf = options.Contains("--pbkdf") ? [] : ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"];
        string[] type = options.Contains("luks1") ? [] : ["--uuid", Uuid];
        Cryptsetup(["luksFormat", "--batch-mode", "--key-file", image.KeyFile, .. kdf, .. type, .. options, image.Path]);
        return image;
    }

    /// <summary>An image of zeros.</summary>
    internal static LuksImage Empty(long length = 20 << 20) => new(length);

    internal string KeyFileOf(string name, string passphrase)
    {
        string path = _directory[name];
        File.WriteAllText(path, passphrase);
        return path;
    }

    internal static string Cryptsetup(params string[] arguments) => Tools.Run("cryptsetup", arguments);

    internal byte[] Read(long offset, int length)
    {
        byte[] bytes = new byte[length];
        using FileStream file = File.OpenRead(Path);
        file.Position = offset;
        file.ReadExactly(bytes);
        return bytes;
    }

    internal void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        using FileStream file = File.OpenWrite(Path);
        file.Position = offset;
        file.Write(bytes);
    }

    /// <summary>The header as a caller gets it: the short read first, then the long one.</summary>
    internal bool TryHeader(out Luks2Header header, out ParseError error) =>
        (Luks2Header.TryParse(Read(0, Luks2Header.FirstRead), Length, out header, out error) && !header.OtherCopyProblem.IsError)
        || Luks2Header.TryParse(Read(0, Luks2Header.LongestRead), Length, out header, out error);

    internal Luks2Header Header()
    {
        Assert.True(TryHeader(out Luks2Header header, out ParseError error), error.Message);
        return header;
    }

    internal Luks2Volume Volume()
    {
        Assert.True(Luks2Volume.TryFind(Header(), out Luks2Volume volume, out ParseError error), error.Message);
        return volume;
    }

    /// <summary>Opens one keyslot with our code; the volume key, or null with the reason.</summary>
    internal byte[]? Open(Luks2Volume volume, int number, string passphrase, out ParseError error)
    {
        Luks2Keyslot slot = volume.Keyslots.Single(slot => slot.Number == number);
        byte[] key = new byte[volume.KeyLength];
        byte[] area = Read(slot.Area.Offset, slot.MaterialLength);
        return slot.TryOpen(Encoding.UTF8.GetBytes(passphrase), area, volume.Digest, key, out error) ? key : null;
    }

    /// <summary>The volume key that cryptsetup finds with the first passphrase.</summary>
    internal byte[] RealVolumeKey()
    {
        string dump = Cryptsetup("luksDump", "--dump-volume-key", "--batch-mode", "--key-file", KeyFile, Path);
        string hex = dump[(dump.IndexOf("MK dump:", StringComparison.Ordinal) + "MK dump:".Length)..];
        return [.. hex.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(b => byte.Parse(b, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
    }

    /// <summary>The JSON that cryptsetup reads, if both copies are in order for it: it must not talk of repairing anything.</summary>
    internal string RealJson()
    {
        string output = Cryptsetup("luksDump", "--debug", Path);
        Assert.Equal(2, output.Split("(in-memory)").Length - 1);
        Assert.DoesNotMatch("requires recovery|recovery (successful|failed)|obsolete", output);
        return Cryptsetup("luksDump", "--dump-json-metadata", Path);
    }

    /// <summary>A token as cryptsetup gives it, in one line.</summary>
    internal string RealToken(int number) =>
        JsonNode.Parse(Cryptsetup("token", "export", "--token-id", $"{number}", Path))!.ToJsonString();

    /// <summary>Asks cryptsetup whether the first passphrase still opens the volume.</summary>
    internal void TestPassphrase() => Cryptsetup("open", "--test-passphrase", "--key-file", KeyFile, Path);

    /// <summary>The JSON text of the first copy.</summary>
    internal string Json() => Encoding.UTF8.GetString(Read(Luks2BinaryHeader.Length, 12 << 10)).TrimEnd('\0');

    /// <summary>Changes the JSON of both copies and makes their checksums right: what an attacker can write.</summary>
    internal void ChangeJson(string from, string to)
    {
        string json = Json();
        Assert.Contains(from, json, StringComparison.Ordinal);
        byte[] area = new byte[12 << 10];
        Encoding.UTF8.GetBytes(json.Replace(from, to, StringComparison.Ordinal)).CopyTo(area, 0);
        foreach (int offset in (ReadOnlySpan<int>)[0, 16 << 10])
        {
            byte[] copy = [.. Read(offset, Luks2BinaryHeader.Length), .. area];
            copy.AsSpan(0x1c0, 64).Clear();
            SHA256.HashData(copy).CopyTo(copy, 0x1c0);
            Write(offset, copy);
        }
    }

    public void Dispose() => _directory.Dispose();
}
