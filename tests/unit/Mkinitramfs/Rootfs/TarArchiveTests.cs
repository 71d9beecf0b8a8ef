using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Rootfs;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Rootfs;

public sealed class TarArchiveTests
{
    [Theory]
    [InlineData("pax")]
    [InlineData("gnu")]
    [InlineData("ustar")]
    public void Every_member_that_tar_lists_is_found_with_its_content(string format)
    {
        using var directory = new TemporaryDirectory();
        string tar = SmallRoot.Make(directory, format);
        using TarArchive archive = TarArchive.Open(tar);
        string[] listed = Tools.Run("tar", "-tf", tar).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(listed.Select(TarArchive.Normalize), archive.Entries.Select(entry => entry.Path));
        foreach (TarEntry entry in archive.Entries.Where(entry => entry.IsFile))
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(directory["root"], entry.Path)), archive.Read(entry));
        }
    }

    [Fact]
    public void Links_lead_to_their_file_and_never_out_of_the_archive()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["root/a/b"]);
        File.WriteAllText(directory["root/a/file"], "x");
        File.CreateSymbolicLink(directory["root/a/b/up"], "../../../../a/file");
        File.CreateSymbolicLink(directory["root/absolute"], "/a/b");
        File.CreateSymbolicLink(directory["root/circle"], "circle");
        File.CreateSymbolicLink(directory["root/dangling"], "/nowhere");
        string tar = directory["links.tar"];
        Tools.Run("sh", "-c", $"ln '{directory["root/a/file"]}' '{directory["root/hard"]}' && tar --sort=name -cf '{tar}' -C '{directory["root"]}' .");
        using TarArchive archive = TarArchive.Open(tar);
        Assert.Equal("a/file", archive.FindFile("a/b/up")?.Path);
        Assert.Equal("a/file", archive.FindFile("absolute/up")?.Path);
        Assert.Equal("a/file", archive.FindFile("hard")?.Path);
        Assert.Null(archive.FindFile("circle"));
        Assert.Null(archive.FindFile("dangling"));
        Assert.Null(archive.FindFile("a"));
    }

    [Fact]
    public void A_damaged_archive_is_told_by_name_and_never_crashes_the_build()
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["root"]);
        File.WriteAllText(directory["root/" + new string('n', 120)], "content");
        string tar = directory["small.tar"];
        Tools.Run("tar", "--format=pax", "-cf", tar, "-C", directory["root"], ".");
        string damaged = directory["damaged.tar"];
        bool Opens(ReadOnlySpan<byte> bytes)
        {
            File.WriteAllBytes(damaged, bytes);
            try
            {
                using TarArchive archive = TarArchive.Open(damaged);
                foreach (TarEntry entry in archive.Entries.Where(entry => entry.IsFile))
                {
                    archive.Read(entry);
                }

                return true;
            }
            catch (BuildException)
            {
                return false;
            }
        }

        byte[] good = File.ReadAllBytes(tar);
        // Two members with their extended headers; what follows is padding.
        Hostile.EveryPrefixAndEveryDamagedByte(good.AsSpan(0, 4096), Opens);
    }

    [Fact]
    public void Headers_and_records_answer_for_any_bytes()
    {
        byte[] header = TarFormat.Header("./etc/", TarEntry.Directory, 0x1ed, 0, 1735689600);
        Hostile.EveryPrefixAndEveryDamagedByte(header, bytes => TarFormat.TryParseHeader(bytes, out _, out _));
        Hostile.EveryPrefixAndEveryDamagedByte(
            "30 mtime=1735689600.123456789\n12 path=abc\n"u8, bytes => TarFormat.TryParseRecords(bytes, new Dictionary<string, byte[]>()));
    }

    [Fact]
    public void A_compressed_archive_and_a_climbing_name_are_refused_with_a_hint()
    {
        using var directory = new TemporaryDirectory();
        string path = directory["x.tar"];
        File.WriteAllBytes(path, [0x28, 0xb5, 0x2f, 0xfd, .. new byte[600]]);
        Assert.Contains("uncompressed", Assert.Throws<BuildException>(() => TarArchive.Open(path)).Hint, StringComparison.Ordinal);
        File.WriteAllBytes(path, [.. TarFormat.Header("./a/../../etc/passwd", TarEntry.File, 0x1a4, 0, 0), .. new byte[1024]]);
        Assert.Contains("\"..\"", Assert.Throws<BuildException>(() => TarArchive.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Our_own_headers_are_what_tar_reads()
    {
        using var directory = new TemporaryDirectory();
        string path = directory["own.tar"];
        byte[] content = Encoding.ASCII.GetBytes("hello\n");
        File.WriteAllBytes(path, [.. TarFormat.Header("./etc/hello", TarEntry.File, 0x1a4, content.Length, 1735689600), .. content, .. new byte[512 - 6 + 1024]]);
        Assert.Equal("-rw-r--r-- 0/0               6 2025-01-01 00:00 ./etc/hello", Tools.Run("env", "TZ=UTC", "tar", "-tvf", path).TrimEnd());
        Assert.Equal("hello\n", Tools.Run("tar", "-xOf", path));
    }
}
