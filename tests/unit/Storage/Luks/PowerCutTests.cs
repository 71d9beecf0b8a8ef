using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Storage.Luks;
using InitRuntime.Unit.Formats.Luks2;
using Xunit;

namespace InitRuntime.Unit.Storage.Luks;

/// <summary>Every write of a header, cut at every sector: what is left must be the old header or the new one, whole.</summary>
public sealed class PowerCutTests
{
    private const int HeaderSize = 16 << 10;

    /// <summary>With a header of half a MiB the data begin at 1 MiB.</summary>
    private const int DiskLength = 2 << 20;

    /// <summary>Which copy is damaged before, or made older; -1 for none.</summary>
    public static TheoryData<int, bool> Starts => new()
    {
        { -1, false },
        { 0, false },
        { HeaderSize, false },
        { 0, true },
        { HeaderSize, true },
    };

    [Theory]
    [MemberData(nameof(Starts))]
    public void A_change_of_tokens_leaves_the_old_tokens_or_the_new_ones(int copy, bool isOlder)
    {
        using LuksImage image = Small();
        byte[] content = Start(image, copy, isOlder);
        LuksDevice device = new Disk(content).Read(out _)!;
        TokenChange state = TokenChange.Put(0, FirstBootToken.Write(FirstBootState.Staged));
        TokenChange recovery = TokenChange.Put(4, SystemdRecoveryToken.Write(0));
        byte[] salts = RandomNumberGenerator.GetBytes(128);
        bool changed = Luks2HeaderWriter.TryChangeTokens(
            device.Copies.Span, DiskLength, device.Header, [state, recovery], salts, out DiskRegion[] regions, out ParseError error);
        Assert.True(changed, error.ToString());

        var disk = new Disk(content);
        int cuts = 0;
        disk.WriteWithCuts(regions, (region, sector) =>
        {
            LuksDevice? now = disk.Read(out ParseError error);
            Assert.False(error.IsError, error.ToString());
            int tokens = now!.Header.Metadata.Tokens.Length;
            Assert.True(tokens == 2 || (tokens == 0 && region == 0), $"{tokens} tokens when cut in sector {sector} of region {region}");
            AssertRepairs(disk, now);
            cuts++;
            if (sector is 1 or 20 && region < 2)
            {
                image.Write(0, disk.Content.AsSpan(0, 2 * HeaderSize));
                string json = LuksImage.Cryptsetup("luksDump", "--dump-json-metadata", image.Path);
                Assert.Equal(tokens > 0, json.Contains("initruntime", StringComparison.Ordinal));
            }
        });
        Assert.Equal(3 + (2 * 3 * 31), cuts);
        image.Write(0, disk.Content.AsSpan(0, 2 * HeaderSize));
        image.RealJson();
        image.TestPassphrase();
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(HeaderSize, false)]
    [InlineData(0, true)]
    [InlineData(HeaderSize, true)]
    public void A_repair_never_leaves_less_than_there_was(int copy, bool isOlder)
    {
        using LuksImage image = Small();
        var disk = new Disk(Start(image, copy, isOlder));
        LuksDevice before = disk.Read(out _)!;
        DiskRegion repair = Luks2HeaderWriter.Repair(before.Copies.Span, before.Header, RandomNumberGenerator.GetBytes(64))!.Value;
        disk.WriteWithCuts([repair], (_, _) => Assert.Equal(before.Header.Binary, disk.Read(out ParseError _)!.Header.Binary));
        Assert.False(disk.Read(out _)!.Header.OtherCopyProblem.IsError);
        image.Write(0, disk.Content.AsSpan(0, 2 * HeaderSize));
        image.RealJson();
    }

    [Theory]
    [InlineData("blank", false)]
    [InlineData("blank", true)]
    [InlineData("noise", true)]
    [InlineData("LUKS", true)]
    [InlineData("LUKS of another size", true)]
    public void A_staged_header_is_there_with_all_its_keyslots_or_not_at_all(string before, bool clear)
    {
        using LuksImage staged = Small("--label", "new");
        LuksDevice source = LuksDevice.TryReadAt(staged.Path, 0, DiskLength, out _)!;
        byte[] old = Target(before);
        byte[] wanted = staged.Read(0, (int)source.Header.Length);
        var disk = new Disk([.. old]);
        bool wasThere = disk.Read(out ParseError error) is not null;
        Assert.Equal((before.StartsWith("LUKS", StringComparison.Ordinal), false), (wasThere, error.IsError));

        DiskRegion[] regions = [.. StagedHeader.Regions(source, clear)];
        Assert.Equal([HeaderSize, 0], regions[^2..].Select(region => region.Offset));
        var seen = new List<string>();
        var betweenRegions = new List<string>();
        disk.WriteWithCuts(regions, (region, sector) =>
        {
            LuksDevice? now = disk.Read(out ParseError error);
            Assert.False(error.IsError, $"cut in sector {sector} of region {region}: {error}");
            string state = now is null ? "none" : now.Header.Binary.Label;
            if (now is not null)
            {
                // All behind the copies is that header's own.
                int start = 2 * now.Header.Binary.HeaderSize;
                byte[] expected = state == "new" ? wanted : old;
                int length = (int)now.Header.Length - start;
                Assert.True(disk.Content.AsSpan(start, length).SequenceEqual(expected.AsSpan(start, length)));
                AssertRepairs(disk, now);
            }

            if (!seen.Contains(state))
            {
                seen.Add(state);
                AssertReal(disk, state);
            }

            if (sector == 0 && betweenRegions.LastOrDefault() != state)
            {
                betweenRegions.Add(state);
            }
        });
        Assert.Equal(wasThere ? ["old", "none", "new"] : ["none", "new"], seen);
        Assert.Equal(seen, betweenRegions);
        Assert.True(disk.Content.AsSpan(0, wanted.Length).SequenceEqual(wanted));
        Assert.True(disk.Content.AsSpan(wanted.Length).SequenceEqual(old.AsSpan(wanted.Length)));
    }

    private static LuksImage Small(params string[] options) => LuksImage.Format(["--luks2-keyslots-size", "512k", .. options]);

    private static byte[] Start(LuksImage image, int copy, bool isOlder)
    {
        byte[] old = image.Read(0, 2 * HeaderSize);
        if (isOlder)
        {
            LuksImage.Cryptsetup("config", "--label", "newer", image.Path);
        }

        byte[] content = image.Read(0, DiskLength);
        if (copy >= 0)
        {
            (isOlder ? old.AsSpan(copy, HeaderSize) : new byte[HeaderSize / 2]).CopyTo(content.AsSpan(copy));
        }

        return content;
    }

    private static byte[] Target(string content)
    {
        byte[] target = new byte[DiskLength];
        switch (content)
        {
            case "noise":
                RandomNumberGenerator.Fill(target);
                break;
            case "LUKS" or "LUKS of another size":
                using (LuksImage image = Small("--label", "old", "--luks2-metadata-size", content == "LUKS" ? "16k" : "64k"))
                {
                    return image.Read(0, DiskLength);
                }
        }

        return target;
    }

    /// <summary>What a boot does next with a header that was cut makes both copies the same.</summary>
    private static void AssertRepairs(Disk disk, LuksDevice now)
    {
        byte[] copies = now.Copies.ToArray();
        if (Luks2HeaderWriter.Repair(copies, now.Header, RandomNumberGenerator.GetBytes(64)) is { } region)
        {
            Assert.True(now.Header.OtherCopyProblem.IsError);
            region.Bytes.CopyTo(copies, region.Offset);
        }

        Assert.True(Luks2Header.TryParse(copies, DiskLength, out Luks2Header repaired, out ParseError error), error.ToString());
        Assert.Equal((now.Header.Binary, false), (repaired.Binary, repaired.OtherCopyProblem.IsError));
    }

    private static void AssertReal(Disk disk, string state)
    {
        using LuksImage image = LuksImage.Empty(disk.Content.Length);
        File.WriteAllBytes(image.Path, disk.Content);
        if (state == "none")
        {
            Assert.Throws<BuildException>(() => LuksImage.Cryptsetup("isLuks", image.Path));
        }
        else
        {
            image.TestPassphrase();
            Assert.Matches($"Label: *\t{state}\n", LuksImage.Cryptsetup("luksDump", image.Path));
        }
    }
}
