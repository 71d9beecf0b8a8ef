using System;
using System.Collections.Generic;
using InitRuntime.Crypto;

namespace InitRuntime.Formats.Luks2;

/// <summary>From the JSON area to <see cref="Luks2Metadata"/>, with all that can be checked without a key.</summary>
internal sealed class Luks2MetadataReader(int headerSize, ulong deviceLength)
{
    private const int MaximumKeyslots = 32;
    private const int MaximumSegments = 32;
    private const int MaximumDigests = 32;

    /// <summary>cryptsetup's LUKS2_MAX_KEYSLOTS_SIZE, in bytes.</summary>
    private const ulong MaximumKeyslotsLength = 128 << 20;

    private ulong _keyslotsStart;
    private ulong _keyslotsEnd;

    /// <param name="area">The JSON area: text, then zeros to the end.</param>
    /// <param name="headerSize">Of one copy, in bytes.</param>
    /// <param name="deviceLength">In bytes.</param>
    /// <param name="value">What was read.</param>
    /// <param name="error">The first thing that is wrong, with its member's path.</param>
    internal static bool TryParse(
        ReadOnlySpan<byte> area, int headerSize, ulong deviceLength, out Luks2Metadata value, out ParseError error)
    {
        int end = area.IndexOf((byte)0);
        if (end < 0 || area[end..].ContainsAnyExcept((byte)0))
        {
            value = null!;
            error = new("JSON area: not a text and zeros behind it");
            return false;
        }

        var reader = new Luks2MetadataReader(headerSize, deviceLength);
        return JsonFields.TryRead(area[..end].ToArray(), "", reader.Read, out value, out error);
    }

    private Luks2Metadata Read(JsonFields root)
    {
        JsonFields config = root.Object("config");
        ulong jsonLength = config.WideNumber("json_size");
        ulong keyslotsLength = config.WideNumber("keyslots_size");
        ulong expected = (ulong)headerSize - Luks2BinaryHeader.Length;
        _keyslotsStart = 2 * (ulong)headerSize;
        _keyslotsEnd = _keyslotsStart + Math.Min(keyslotsLength, MaximumKeyslotsLength);
        if (jsonLength != expected)
        {
            config.FailAt("json_size", $"{jsonLength}, but the header leaves {expected} bytes");
        }
        else if (keyslotsLength > MaximumKeyslotsLength || keyslotsLength % 4096 != 0)
        {
            config.FailAt("keyslots_size", $"{keyslotsLength} bytes");
        }
        else if (_keyslotsEnd > deviceLength)
        {
            config.FailAt("keyslots_size", $"the area ends at byte {_keyslotsEnd}, the device at {deviceLength}");
        }

        string[] requirements = config.Has("requirements") ? config.Object("requirements").Texts("mandatory", optional: true) : [];
        Luks2Keyslot[] keyslots = All(root, "keyslots", MaximumKeyslots, Keyslot);
        CheckOverlaps(root, keyslots);
        var value = new Luks2Metadata(
            keyslots,
            All(root, "digests", MaximumDigests, Digest),
            All(root, "segments", MaximumSegments, Segment),
            All(root, "tokens", Luks2Token.Maximum, Token),
            (long)(_keyslotsEnd - _keyslotsStart),
            Options(config.Texts("flags", optional: true)),
            requirements);
        CheckReferences(root, value);
        return value;
    }

    /// <summary>In the order of their numbers, which the text need not have.</summary>
    private static T[] All<T>(JsonFields root, string name, int limit, Func<int, JsonFields, T> read)
        where T : class
    {
        var byNumber = new T?[limit];
        root.Object(name).Numbered(limit, (number, fields) => byNumber[number] = read(number, fields));
        return Array.FindAll(byNumber, item => item is not null)!;
    }

    private Luks2Keyslot Keyslot(int number, JsonFields fields)
    {
        string kind = fields.Text("type");
        JsonFields area = fields.Object("area");
        ulong offset = area.WideNumber("offset");
        ulong length = area.WideNumber("size");
        if (offset < _keyslotsStart || length == 0 || length > _keyslotsEnd - _keyslotsStart || offset > _keyslotsEnd - length)
        {
            area.Fail($"{length} bytes at {offset} are not within {_keyslotsStart} to {_keyslotsEnd}");
            (offset, length) = (0, 0);
        }

        int keyLength = (int)fields.Number("key_size", 1, 4096);
        int priority = fields.Has("priority") ? (int)fields.Number("priority", 0, 2) : 1;
        string areaKind = area.Text("type");
        string encryption = kind == "luks2" ? area.Text("encryption") : "";
        int areaKeyLength = kind == "luks2" ? (int)area.Number("key_size", 1, 4096) : 0;
        var slot = new Luks2Keyslot
        {
            Number = number,
            Priority = priority,
            KeyLength = keyLength,
            Area = new((long)offset, (int)length, encryption, areaKeyLength),
        };
        ParseError problem = kind != "luks2" ? new($"keyslot {number} is of type \"{Escaped.Text(kind)}\"")
            : areaKind != "raw" ? new($"keyslot {number} has an area of type \"{Escaped.Text(areaKind)}\"")
            : encryption != Luks2Keyslot.Cipher ? new($"keyslot {number} is encrypted with \"{Escaped.Text(encryption)}\", only {Luks2Keyslot.Cipher} is known")
            : areaKeyLength is not (32 or 64) ? new($"keyslot {number} has an area key of {areaKeyLength} bytes, wanted 32 or 64")
            : keyLength is not (32 or 64) ? new($"keyslot {number} holds a key of {keyLength} bytes, wanted 32 or 64")
            : default;
        if (problem.IsError)
        {
            return slot with { Problem = problem };
        }

        if ((int)length < slot.MaterialLength)
        {
            area.FailAt("size", $"{length} bytes, the stripes need {slot.MaterialLength}");
        }

        JsonFields splitter = fields.Object("af");
        string splitterKind = splitter.Text("type");
        if (splitterKind != "luks1")
        {
            return slot with { Problem = new($"keyslot {number} is split by \"{Escaped.Text(splitterKind)}\"") };
        }

        splitter.Number("stripes", Luks2Keyslot.Stripes, Luks2Keyslot.Stripes);
        problem = Hash(splitter.Text("hash"), $"keyslot {number}'s splitter", out DigestAlgorithm hash);
        Luks2Kdf? kdf = Kdf(number, fields.Object("kdf"), ref problem);
        return slot with { Problem = problem, SplitterHash = hash, Kdf = problem.IsError ? null : kdf };
    }

    private static Luks2Kdf? Kdf(int number, JsonFields fields, ref ParseError problem)
    {
        string kind = fields.Text("type");
        byte[] salt = fields.Base64("salt", Luks2Kdf.MaximumSalt);
        switch (kind)
        {
            case "pbkdf2":
                int iterations = (int)fields.Number("iterations", 1, Luks2Pbkdf2.MaximumIterations);
                ParseError unknown = Hash(fields.Text("hash"), $"keyslot {number}'s KDF", out DigestAlgorithm hash);
                problem = problem.IsError ? problem : unknown;
                return new Luks2Pbkdf2(hash, iterations, salt);
            case "argon2i" or "argon2id":
                Argon2Variant variant = kind == "argon2i" ? Argon2Variant.Argon2i : Argon2Variant.Argon2id;
                uint passes = fields.Number("time", 1, Luks2Argon2.MaximumPasses);
                uint lanes = fields.Number("cpus", 1, Argon2.MaximumLanes);
                uint memory = fields.Number("memory", Argon2.MinimumMemoryOfLane * Math.Max(lanes, 1), Argon2.MaximumMemory);
                if (salt.Length < Argon2.MinimumSalt)
                {
                    fields.FailAt("salt", $"{salt.Length} bytes, Argon2 needs {Argon2.MinimumSalt}");
                }

                return new Luks2Argon2(variant, passes, memory, lanes, salt);
            default:
                problem = problem.IsError ? problem : new($"keyslot {number} has the KDF \"{Escaped.Text(kind)}\", known are pbkdf2, argon2i, argon2id");
                return null;
        }
    }

    private static Luks2Digest Digest(int number, JsonFields fields)
    {
        string kind = fields.Text("type");
        if (kind != "pbkdf2")
        {
            fields.FailAt("type", $"\"{Escaped.Text(kind)}\", only pbkdf2 is known");
        }

        ParseError unknown = Hash(fields.Text("hash"), "the digest", out DigestAlgorithm hash);
        if (unknown.IsError)
        {
            fields.FailAt("hash", unknown.Message);
        }

        int[] keyslots = fields.Indices("keyslots", MaximumKeyslots);
        int[] segments = fields.Indices("segments", MaximumSegments);
        int iterations = (int)fields.Number("iterations", 1, Luks2Pbkdf2.MaximumIterations);
        byte[] salt = fields.Base64("salt", Luks2Kdf.MaximumSalt);
        byte[] expected = fields.Base64("digest", Luks2Digest.MaximumLength);
        if (expected.Length < 16)
        {
            // A short one would let many keys pass.
            fields.FailAt("digest", $"{expected.Length} bytes, wanted 16 or more");
        }

        return new(number, keyslots, segments, hash, iterations, salt, expected);
    }

    private Luks2Segment Segment(int number, JsonFields fields)
    {
        string kind = fields.Text("type");
        ulong offset = fields.WideNumber("offset");
        string size = fields.Text("size");
        ulong? length = size == "dynamic" ? null : fields.WideNumber("size");
        bool backup = Array.Exists(fields.Texts("flags", optional: true), flag => flag.StartsWith("backup-", StringComparison.Ordinal));
        if (offset > deviceLength || length > deviceLength - offset || offset % 512 != 0 || (length ?? 0) % 512 != 0)
        {
            fields.Fail($"\"{Escaped.Text(size)}\" bytes at {offset} are not sectors of a device of {deviceLength} bytes");
        }

        if (kind == "linear")
        {
            return new(number, kind, offset, length, 0, "", 0, null, backup);
        }

        ulong tweak = fields.WideNumber("iv_tweak");
        string encryption = fields.Text("encryption");
        int sectorSize = (int)fields.Number("sector_size", 512, 4096);
        if (sectorSize is not (0 or 512 or 1024 or 2048 or 4096))
        {
            fields.FailAt("sector_size", $"{sectorSize}, wanted 512, 1024, 2048 or 4096");
        }

        string? integrity = fields.Has("integrity") ? fields.Object("integrity").Text("type") : null;
        return new(number, kind, offset, length, tweak, encryption, sectorSize, integrity, backup);
    }

    private static Luks2Token Token(int number, JsonFields fields) =>
        new(number, fields.Text("type"), fields.Indices("keyslots", MaximumKeyslots), fields.RawBytes());

    private static Luks2Options Options(string[] names)
    {
        Luks2Options flags = Luks2Options.None;
        foreach (string name in names)
        {
            flags |= name switch
            {
                "allow-discards" => Luks2Options.AllowDiscards,
                "same-cpu-crypt" => Luks2Options.SameCpuCrypt,
                "submit-from-crypt-cpus" => Luks2Options.SubmitFromCryptCpus,
                "no-read-workqueue" => Luks2Options.NoReadWorkqueue,
                "no-write-workqueue" => Luks2Options.NoWriteWorkqueue,
                _ => Luks2Options.None,
            };
        }

        return flags;
    }

    private static void CheckOverlaps(JsonFields root, Luks2Keyslot[] keyslots)
    {
        var byOffset = (Luks2Keyslot[])keyslots.Clone();
        Array.Sort(byOffset, (a, b) => a.Area.Offset != b.Area.Offset ? a.Area.Offset.CompareTo(b.Area.Offset) : a.Number.CompareTo(b.Number));
        for (int i = 1; i < byOffset.Length; i++)
        {
            Luks2Area before = byOffset[i - 1].Area;
            if (before.Offset + before.Length > byOffset[i].Area.Offset)
            {
                root.FailAt("keyslots", $"the areas of {byOffset[i - 1].Number} and {byOffset[i].Number} overlap");
            }
        }
    }

    private static void CheckReferences(JsonFields root, Luks2Metadata value)
    {
        HashSet<int> keyslots = [.. Array.ConvertAll(value.Keyslots, slot => slot.Number)];
        HashSet<int> segments = [.. Array.ConvertAll(value.Segments, segment => segment.Number)];
        foreach (Luks2Digest digest in value.Digests)
        {
            if (!keyslots.IsSupersetOf(digest.Keyslots) || !segments.IsSupersetOf(digest.Segments))
            {
                root.FailAt("digests", $"{digest.Number} names a keyslot or segment that is not there");
            }
        }

        foreach (Luks2Token token in value.Tokens)
        {
            if (!keyslots.IsSupersetOf(token.Keyslots))
            {
                root.FailAt("tokens", $"{token.Number} names a keyslot that is not there");
            }
        }
    }

    private static ParseError Hash(string name, string where, out DigestAlgorithm hash) =>
        DigestAlgorithms.TryFromKernelName(name, out hash)
            ? default
            : new($"{where} uses \"{Escaped.Text(name)}\", known are sha1, sha256, sha384, sha512");
}
