using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.Versioning;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.Cpio;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Cpio;

[SupportedOSPlatform("linux")]
public sealed class CpioTests
{
    private const UnixFileMode Executable = (UnixFileMode)0x1ed;
    private const UnixFileMode Plain = (UnixFileMode)0x1a4;

    private static readonly DateTimeOffset _time = DateTimeOffset.FromUnixTimeSeconds(1700000000);
    private static readonly PlainLog _log = new(TextWriter.Null, showCommands: false);

    [Theory]
    [InlineData(CpioFormat.Newc)]
    [InlineData(CpioFormat.Crc)]
    public void Gnu_cpio_lists_ours(CpioFormat format)
    {
        string[] lines = Encoding.UTF8.GetString(Cpio(Archive(format), "-itv", "--numeric-uid-gid", "--quiet"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            [
                "drwxr-xr-x 2 0 0 0 Nov 14 2023 bin",
                "-rwxr-xr-x 1 0 0 5 Nov 14 2023 bin/a",
                "-rw-r--r-- 1 0 0 0 Nov 14 2023 bin/empty",
                "-rw-r--r-- 1 0 0 100001 Nov 14 2023 bin/large",
                "lrwxrwxrwx 1 0 0 6 Nov 14 2023 bin/link -> a/../a",
                "drwxr-xr-x 2 0 0 0 Nov 14 2023 dev",
                "crw-r--r-- 1 0 0 5, 1 Nov 14 2023 dev/console",
                "-rw-r--r-- 1 0 0 1 Nov 14 2023 \u00e4",
            ],
            lines.Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))));
    }

    [Theory]
    [InlineData(CpioFormat.Newc)]
    [InlineData(CpioFormat.Crc)]
    public void Gnu_cpio_unpacks_ours(CpioFormat format)
    {
        using var directory = new TemporaryDirectory();
        Cpio(Archive(format), "-i", "-m", "--quiet", "--no-absolute-filenames", "-D", directory.Path, "bin*", "\u00e4");
        Assert.Equal("hello", File.ReadAllText(directory["bin/a"]));
        Assert.Equal(Executable, File.GetUnixFileMode(directory["bin/a"]));
        Assert.Equal(_time.UtcDateTime, File.GetLastWriteTimeUtc(directory["bin/a"]));
        Assert.Equal("", File.ReadAllText(directory["bin/empty"]));
        Assert.Equal(Large(), File.ReadAllBytes(directory["bin/large"]));
        Assert.Equal("a/../a", new FileInfo(directory["bin/link"]).LinkTarget);
        Assert.Equal("x", File.ReadAllText(directory["\u00e4"]));
    }

    [Theory]
    [InlineData("newc")]
    [InlineData("crc")]
    public void What_gnu_cpio_writes_is_read(string format)
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["d"]);
        File.WriteAllText(directory["d/file"], "content");
        File.SetUnixFileMode(directory["d/file"], Executable);
        File.SetLastWriteTimeUtc(directory["d/file"], _time.UtcDateTime);
        File.CreateSymbolicLink(directory["d/link"], "file");
        File.WriteAllBytes(directory["large"], Large());
        byte[] archive = Cpio("d\nd/file\nd/link\nlarge\n"u8.ToArray(), "-o", "-H", format, "--quiet", "-D", directory.Path);

        List<(CpioEntry Entry, byte[] Content)> members = ReadAll(archive);
        Assert.Equal(["d", "d/file", "d/link", "large"], members.Select(m => m.Entry.Name));
        Assert.Equal(
            [CpioEntryType.Directory, CpioEntryType.File, CpioEntryType.SymbolicLink, CpioEntryType.File],
            members.Select(m => m.Entry.Type));
        Assert.Equal("content"u8, members[1].Content);
        Assert.Equal(Executable, members[1].Entry.Permissions);
        Assert.Equal(_time.ToUnixTimeSeconds(), members[1].Entry.ModifiedSeconds);
        Assert.Equal("file"u8, members[2].Content);
        Assert.Equal(Large(), members[3].Content);
    }

    [Theory]
    [InlineData(CpioFormat.Newc)]
    [InlineData(CpioFormat.Crc)]
    public void What_we_write_is_what_we_read(CpioFormat format)
    {
        byte[] archive = Archive(format);
        Assert.Equal(archive, Archive(format));
        Assert.Equal(0, archive.Length % CpioWriter.BlockSize);
        List<(CpioEntry Entry, byte[] Content)> members = ReadAll(archive);
        Assert.Equal(8, members.Count);
        Assert.Equal(CpioEntryType.CharacterDevice, members[6].Entry.Type);
        Assert.Equal((5u, 1u), (members[6].Entry.DeviceMajor, members[6].Entry.DeviceMinor));
        Assert.All(members, m => Assert.Equal((0u, 0u), (m.Entry.UserId, m.Entry.GroupId)));
        Assert.Equal(8, members.Select(m => m.Entry.Inode).Distinct().Count());
    }

    [Fact]
    public void A_changed_content_breaks_its_check_sum_even_when_it_is_passed_over()
    {
        byte[] archive = Archive(CpioFormat.Crc);
        archive[archive.AsSpan().IndexOf("hello"u8)] ^= 1;
        var reader = new CpioReader(new MemoryStream(archive));
        Assert.True(reader.TryNext(out _, out _));
        Assert.True(reader.TryNext(out _, out _));
        Assert.False(reader.TryNext(out _, out ParseError error));
        Assert.Equal("check sum 00000215, the header says 00000214", error.Message);
        Assert.False(reader.TryNext(out _, out _));
    }

    [Fact]
    public void Damage_is_answered_and_never_thrown()
    {
        using var output = new MemoryStream();
        var writer = new CpioWriter(output, _time, CpioFormat.Crc);
        writer.AddFile("a", Plain, "hello"u8);
        writer.AddSymbolicLink("b", "a");
        writer.Finish();
        Hostile.EveryPrefixAndEveryDamagedByte(output.ToArray(), bytes =>
        {
            var reader = new CpioReader(new MemoryStream(bytes.ToArray()));
            ParseError error;
            while (reader.TryNext(out _, out error))
            {
                reader.TryReadContent(1000, out _, out _);
            }

            return !error.IsError;
        });
    }

    [Theory]
    [InlineData(0, '1', "no newc magic")]
    [InlineData(6, 'g', "a header field is not 8 hex digits")]
    [InlineData(6, '+', "a header field is not 8 hex digits")]
    [InlineData(6, ' ', "a header field is not 8 hex digits")]
    [InlineData(94, 'f', "name of 4026531844 bytes, wanted 2 to 4096")]
    [InlineData(101, '1', "name of 1 bytes, wanted 2 to 4096")]
    [InlineData(101, '3', "a name that does not end at its first NUL")]
    [InlineData(54, 'f', "cut short")]
    public void Each_field_that_is_wrong_is_named(int offset, char value, string expected)
    {
        byte[] archive = Archive(CpioFormat.Newc);
        archive[offset] = (byte)value;
        var reader = new CpioReader(new MemoryStream(archive));
        ParseError error;
        while (reader.TryNext(out _, out error))
        {
        }

        Assert.Equal(expected, error.Message);
    }

    [Fact]
    public void A_content_longer_than_asked_for_is_left_alone()
    {
        var reader = new CpioReader(new MemoryStream(Archive(CpioFormat.Newc)));
        reader.TryNext(out _, out _);
        reader.TryNext(out _, out _);
        Assert.False(reader.TryReadContent(4, out _, out ParseError error));
        Assert.Equal("5 bytes of content, at most 4 are read", error.Message);
        Assert.True(reader.TryReadContent(5, out byte[]? content, out _));
        Assert.Equal("hello"u8, content);
    }

    [Theory]
    [InlineData("/bin")]
    [InlineData("bin/")]
    [InlineData("bin//a")]
    [InlineData("./a")]
    [InlineData("a/..")]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("TRAILER!!!")]
    [InlineData("first")]
    public void A_name_that_is_not_plain_or_not_new_is_refused(string name)
    {
        var writer = new CpioWriter(new MemoryStream(), _time);
        writer.AddFile("first", Plain, ""u8);
        Assert.Throws<ArgumentException>(() => writer.AddFile(name, Plain, ""u8));
    }

    [Fact]
    public void Names_times_and_targets_beyond_the_format_are_refused()
    {
        var writer = new CpioWriter(new MemoryStream(), _time);
        Assert.Throws<ArgumentException>(() => writer.AddDirectory(new string('a', 4096), Plain));
        Assert.Throws<ArgumentException>(() => writer.AddSymbolicLink("a", new string('a', 4096)));
        Assert.Throws<ArgumentException>(() => writer.AddSymbolicLink("a", ""));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CpioWriter(new MemoryStream(), DateTimeOffset.FromUnixTimeSeconds(1L << 32)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CpioWriter(new MemoryStream(), DateTimeOffset.FromUnixTimeSeconds(-1)));
        writer.Finish();
        Assert.Throws<ObjectDisposedException>(() => writer.AddDirectory("late", Plain));
    }

    private static byte[] Archive(CpioFormat format)
    {
        using var output = new MemoryStream();
        var writer = new CpioWriter(output, _time, format);
        writer.AddDirectory("bin", Executable);
        writer.AddFile("bin/a", Executable, "hello"u8);
        writer.AddFile("bin/empty", Plain, ""u8);
        writer.AddFile("bin/large", Plain, new MemoryStream(Large()));
        writer.AddSymbolicLink("bin/link", "a/../a");
        writer.AddDirectory("dev", Executable);
        writer.AddCharacterDevice("dev/console", Plain, 5, 1);
        writer.AddFile("\u00e4", Plain, "x"u8);
        writer.Finish();
        return output.ToArray();
    }

    private static byte[] Large() => [.. Enumerable.Range(0, 100001).Select(i => (byte)(i % 251))];

    private static byte[] Cpio(byte[] input, params string[] arguments) =>
        (Tools.Tree.Command("cpio", arguments) with { Input = input }).Run(_log);

    private static List<(CpioEntry Entry, byte[] Content)> ReadAll(byte[] archive)
    {
        var reader = new CpioReader(new MemoryStream(archive));
        var members = new List<(CpioEntry Entry, byte[] Content)>();
        ParseError error;
        while (reader.TryNext(out CpioEntry? entry, out error))
        {
            Assert.True(reader.TryReadContent(1 << 20, out byte[]? content, out _));
            members.Add((entry, content));
        }

        Assert.False(error.IsError, error.Message);
        return members;
    }
}
