using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.Overlay;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Overlay;

public sealed class LowerListingTests
{
    private static readonly ListedDigest _one = new(0x0123456789abcdef, 1);

    [Theory]
    [InlineData("/etc")]
    [InlineData("/opt/data")]
    [InlineData("/opt/a-b")]
    [InlineData("/.hidden/.x")]
    [InlineData("/opt/.x")]
    [InlineData("/a b/ä\u20ac\ud83d\ude00")]
    [InlineData("/a\\b/c:d_e.f@g")]
    [InlineData("/A/Z/09~")]
    public void A_directory_is_named_as_systemd_does_it(string directory) =>
        Assert.Equal(Tools.Run("systemd-escape", "--path", "--", directory).TrimEnd('\n'), LowerListing.NameOf(directory));

    [Fact]
    public void A_listing_is_read_back_whatever_bytes_a_name_has()
    {
        string[] paths = ["hosts", "a b", "tab\tnew\nline", "back\\slash", "del\x7f", "ssl/certs/F\u0151.crt", "\ud83d\ude00", "\uffee", "bytes\udcff\udc80", "1"];
        byte[] text = LowerListing.Write([.. paths.Select((path, i) => KeyValuePair.Create(path, new ListedDigest((ulong)i, 0)))]);
        Assert.True(LowerListing.TryParse(text, out LowerListing listing, out ParseError error), error.Message);
        Assert.All(paths.Index(), entry => Assert.Equal(new ListedDigest((ulong)entry.Index, 0), listing.Find(entry.Item)));
        Assert.Null(listing.Find("host"));
        Assert.Null(listing.Find("ssl"));
        Assert.Equal(["ssl/certs/F\u0151.crt"], listing.Below("ssl").ToArray());

        // Sorted, and with escapes that a shell knows.
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["list"], text);
        Tools.Run("env", "LC_ALL=C", "sort", "-c", "-k", "2", directory["list"]);
        Assert.Contains("0 a\\040b\n", Encoding.UTF8.GetString(text), StringComparison.Ordinal);
        Tools.Run("env", "LC_ALL=C", "bash", "-euc", "cd \"$0\"; mkdir x; cut -d' ' -f2 list | while read -r word; do printf -v name '%b' \"$word\"; mkdir -p \"x/$name\"; done", directory.Path);
        string[] names = Tools.Run("find", directory["x"], "-mindepth", "1", "-printf", "%P\\0").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            paths.Append("ssl").Append("ssl/certs").Select(path => path.Replace("\udcff\udc80", "\ufffd\ufffd", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            names.Order(StringComparer.Ordinal));
        // .NET cannot name all of them.
        Tools.Run("rm", "-r", directory["x"]);
    }

    [Theory]
    [InlineData("0123456789abcdef0000000000000001 b\n0123456789abcdef0000000000000001 a\n", "line 2: not sorted")]
    [InlineData("0123456789abcdef0000000000000001 a\n0123456789abcdef0000000000000001 a\n", "line 2: not sorted")]
    [InlineData("0123456789abcdef0000000000000001 a", "line 1: not a digest and a relative path")]
    [InlineData("0123456789abcdef0000000000000001 \n", "line 1: not a digest and a relative path")]
    [InlineData("0123456789abcdef0000000000000001  a\n", "line 1: not a digest and a relative path")]
    [InlineData("0123456789ABCDEF0000000000000001 a\n", "line 1: not a digest and a relative path")]
    [InlineData("0123456789abcdef0000000000000001 /a\n", "line 1: not a digest and a relative path")]
    [InlineData("0123456789abcdef0000000000000001 a/../b\n", "line 1: not a digest and a relative path")]
    [InlineData("0123456789abcdef0000000000000001 a/\n", "line 1: not a digest and a relative path")]
    [InlineData("0123456789abcdef0000000000000001 a\\101\n", "line 1: not a digest and a relative path")]
    [InlineData("0123456789abcdef0000000000000001 a\\000\n", "line 1: not a digest and a relative path")]
    [InlineData("0123456789abcdef0000000000000001 a\\04\n", "line 1: not a digest and a relative path")]
    [InlineData("0123456789abcdef0000000000000001 a\\777\n", "line 1: not a digest and a relative path")]
    public void Whatever_the_writer_does_not_write_is_refused(string text, string message)
    {
        Assert.False(LowerListing.TryParse(Encoding.UTF8.GetBytes(text), out LowerListing listing, out ParseError error));
        Assert.Equal(message, error.Message);
        Assert.Null(listing.Find("a"));
    }

    [Fact]
    public void Any_bytes_have_an_answer()
    {
        byte[] text = LowerListing.Write([KeyValuePair.Create("hosts", _one), KeyValuePair.Create("a \u0151\udcff", _one), KeyValuePair.Create("d/e", _one)]);
        Hostile.EveryPrefixAndEveryDamagedByte(text, bytes => LowerListing.TryParse(bytes, out _, out _));
        Assert.False(LowerListing.TryParse(new byte[LowerListing.MaximumLength + 1], out _, out ParseError error));
        Assert.Contains("longer than", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_lies_below_a_directory_is_not_what_only_begins_like_it()
    {
        string[] paths = ["a", "a-b", "a.d", "a/b", "a/b/c", "a/\u0151", "a0", "b"];
        Assert.True(LowerListing.TryParse(LowerListing.Write([.. paths.Select(path => KeyValuePair.Create(path, _one))]), out LowerListing listing, out _));
        Assert.Equal(["a/b", "a/b/c", "a/\u0151"], listing.Below("a").ToArray());
        Assert.Equal(["a/b/c"], listing.Below("a/b").ToArray());
        Assert.Empty(listing.Below("c").ToArray());
        Assert.Empty(LowerListing.Empty.Below("a").ToArray());
    }
}
