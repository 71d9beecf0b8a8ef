using System;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using Xunit;

namespace InitRuntime.Unit.Formats.Luks2;

/// <summary>What we write into headers, judged by cryptsetup.</summary>
public sealed class HeaderWriterTests
{
    private static readonly byte[] _token = """{"type":"test","keyslots":["0"],"text":"\u00e4 \"x\"","n":[1,2.50,null]}"""u8.ToArray();

    [Theory]
    [InlineData("16k")]
    [InlineData("32k")]
    [InlineData("64k")]
    [InlineData("128k")]
    [InlineData("256k")]
    [InlineData("512k")]
    [InlineData("1m")]
    [InlineData("2m")]
    [InlineData("4m")]
    public void Tokens_come_and_go_in_headers_of_every_size_and_all_else_stays(string metadataSize)
    {
        using LuksImage image = LuksImage.Format("--luks2-metadata-size", metadataSize, "--label", "data");
        string untouched = image.RealJson();
        Luks2Header before = image.Header();

        Change(image, TokenChange.Put(3, _token), TokenChange.Put(0, FirstBootToken.Write(FirstBootState.New)));
        Luks2Header after = image.Header();
        Assert.Equal(before.Binary with { SequenceId = before.Binary.SequenceId + 1 }, after.Binary);
        Assert.False(after.OtherCopyProblem.IsError, after.OtherCopyProblem.ToString());
        Assert.Equal(_token, after.Metadata.Tokens.Single(token => token.Number == 3).Json);
        var expected = (JsonObject)JsonNode.Parse(untouched)!;
        expected["tokens"] = new JsonObject { ["0"] = JsonNode.Parse(FirstBootToken.Write(FirstBootState.New)), ["3"] = JsonNode.Parse(_token) };
        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(image.RealJson())));
        Assert.Equal("""{"type":"initruntime","keyslots":[],"state":"new"}""", image.RealToken(0));
        image.TestPassphrase();

        // cryptsetup changes it too, and we change what it wrote.
        LuksImage.Cryptsetup("token", "add", "--key-description", "of the keyring", "--token-id", "7", image.Path);
        Change(image, TokenChange.Remove(0), TokenChange.Remove(3));
        Assert.Equal(["luks2-keyring"], image.Header().Metadata.Tokens.Select(token => token.Kind));
        LuksImage.Cryptsetup("token", "remove", "--token-id", "7", image.Path);
        Change(image, TokenChange.Remove(7));
        Assert.Equal(untouched, image.RealJson());
        image.TestPassphrase();
    }

    [Theory]
    [InlineData("16k", 0, 0)]
    [InlineData("16k", 0, 0x12)]
    [InlineData("16k", 0, 0x1c0)]
    [InlineData("16k", 0, 4100)]
    [InlineData("16k", 0, (16 << 10) - 1)]
    [InlineData("16k", 16 << 10, 0)]
    [InlineData("16k", 16 << 10, 0x100)]
    [InlineData("16k", 16 << 10, 5000)]
    [InlineData("64k", 0, 100)]
    [InlineData("64k", 64 << 10, 60000)]
    [InlineData("4m", 0, 8)]
    [InlineData("4m", 4 << 20, 4097)]
    public void A_damaged_copy_is_made_again_from_the_other(string metadataSize, int copy, int damagedByte)
    {
        using LuksImage image = LuksImage.Format("--luks2-metadata-size", metadataSize);
        string before = image.RealJson();
        Assert.Null(Repair(image));
        image.Write(copy + damagedByte, [(byte)(image.Read(copy + damagedByte, 1)[0] ^ 0x20)]);
        Assert.Equal(copy, Repair(image)!.Value.Offset);
        Assert.Equal(before, image.RealJson());
        Assert.False(image.Header().OtherCopyProblem.IsError);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_older_copy_is_made_again_from_the_newer(bool isSecond)
    {
        using LuksImage image = LuksImage.Format();
        int size = image.Header().Binary.HeaderSize;
        byte[] old = image.Read(0, 2 * size);
        LuksImage.Cryptsetup("config", "--label", "newer", image.Path);
        int copy = isSecond ? size : 0;
        image.Write(copy, old.AsSpan(copy, size));
        Assert.Matches("^older: sequence id 3, the other copy has 4$", image.Header().OtherCopyProblem.Message);
        Assert.Equal(copy, Repair(image)!.Value.Offset);
        image.RealJson();
        Assert.Equal(("newer", false), (image.Header().Binary.Label, image.Header().OtherCopyProblem.IsError));
    }

    [Fact]
    public void Every_checksum_algorithm_that_we_read_is_written()
    {
        foreach (string name in (string[])["sha1", "sha512"])
        {
            using LuksImage image = LuksImage.Format();
            foreach (int offset in (ReadOnlySpan<int>)[0, 16 << 10])
            {
                byte[] copy = image.Read(offset, 16 << 10);
                copy.AsSpan(0x48, 32).Clear();
                Encoding.ASCII.GetBytes(name).CopyTo(copy, 0x48);
                copy.AsSpan(0x1c0, 64).Clear();
                CryptographicOperations.HashData(new(name.ToUpperInvariant()), copy).CopyTo(copy, 0x1c0);
                image.Write(offset, copy);
            }

            Change(image, TokenChange.Put(0, _token));
            image.RealJson();
            Assert.Equal(name, image.Header().Binary.ChecksumAlgorithm);
        }
    }

    [Fact]
    public void What_fits_to_the_last_byte_is_written_and_one_byte_more_is_refused()
    {
        using LuksImage image = LuksImage.Format();
        byte[] Sized(int text) => Encoding.ASCII.GetBytes($$"""{"type":"test","keyslots":[],"t":"{{new string('x', text)}}"}""");
        int room = (12 << 10) - 1 - image.Json().Length - "\"0\":".Length - Sized(0).Length;
        Assert.False(TryChange(image, [TokenChange.Put(0, Sized(room + 1))], out _, out ParseError error));
        Assert.Equal("the JSON would have 12288 bytes, the header has room for 12287", error.Message);
        Change(image, TokenChange.Put(0, Sized(room)));
        Assert.Equal(room, ((string)JsonNode.Parse(image.RealJson())!["tokens"]!["0"]!["t"]!).Length);
        image.TestPassphrase();
    }

    [Theory]
    [InlineData("""{"type":"x","keyslots":["5"]}""", "tokens: 0 names a keyslot that is not there")]
    [InlineData("""{"type":"x"}""", "tokens.0.keyslots: missing")]
    [InlineData("""{"keyslots":[]}""", "tokens.0.type: missing")]
    [InlineData("""["type"]""", "token 0: not an object")]
    [InlineData("""{"type":"x","keyslots":[]},"1":{"type":"y","keyslots":[]}""", "token 0: not JSON: ")]
    [InlineData("""{"type":"x","keyslots":[]}},"segments":{""", "token 0: not JSON: ")]
    [InlineData("", "token 0: not JSON: ")]
    public void A_token_that_would_break_the_header_is_refused(string json, string expected)
    {
        using LuksImage image = LuksImage.Format();
        Assert.False(TryChange(image, [TokenChange.Put(0, Encoding.UTF8.GetBytes(json))], out DiskRegion[] regions, out ParseError error));
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
        Assert.Empty(regions);
    }

    [Fact]
    public void A_sequence_id_at_its_end_is_refused_and_a_token_number_out_of_range_is_our_own_fault()
    {
        using LuksImage image = LuksImage.Format();
        Luks2Header header = image.Header();
        header = header with { Binary = header.Binary with { SequenceId = ulong.MaxValue } };
        Assert.False(Luks2HeaderWriter.TryChangeTokens(
            image.Read(0, 32 << 10), image.Length, header, [], new byte[128], out _, out ParseError error));
        Assert.Equal("its sequence id cannot grow", error.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => TryChange(image, [TokenChange.Put(32, _token)], out _, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => TryChange(image, [TokenChange.Remove(-1)], out _, out _));
    }

    [Fact]
    public void The_first_free_token_is_found_until_all_are_taken()
    {
        using LuksImage image = LuksImage.Format();
        Assert.Equal(0, image.Header().Metadata.FirstFreeToken);
        Change(image, TokenChange.Put(0, _token), TokenChange.Put(2, _token));
        Assert.Equal(1, image.Header().Metadata.FirstFreeToken);
        Change(image, [.. Enumerable.Range(0, 32).Select(number => TokenChange.Put(number, _token))]);
        Assert.Null(image.Header().Metadata.FirstFreeToken);
        image.RealJson();
    }

    [Theory]
    [InlineData("{\"type\":\"other\",\"keyslots\":[]}", null, null)]
    [InlineData("{\"type\":\"initruntime\",\"keyslots\":[],\"state\":\"new\"}", FirstBootState.New, null)]
    [InlineData("{\"type\":\"initruntime\",\"keyslots\":[],\"state\":\"staged\"}", FirstBootState.Staged, null)]
    [InlineData("{\"type\":\"initruntime\",\"keyslots\":[],\"state\":\"done\"}", null, "token 5.state: \"done\" is not known (new, staged)")]
    [InlineData("{\"type\":\"initruntime\",\"keyslots\":[]}", null, "token 5.state: missing")]
    public void The_state_of_the_first_boot_is_read_and_an_unknown_one_is_an_error(string json, FirstBootState? state, string? expected)
    {
        using LuksImage image = LuksImage.Format();
        Change(image, TokenChange.Put(5, Encoding.ASCII.GetBytes(json)));
        Assert.Equal(expected is null, FirstBootToken.TryFind(image.Header().Metadata, out FirstBootToken? token, out ParseError error));
        Assert.Equal((state, state is null ? null : (int?)5), (token?.State, token?.Number));
        Assert.Equal(expected, error.Message);
        if (state is { } known)
        {
            Assert.Equal(json, Encoding.ASCII.GetString(FirstBootToken.Write(known)));
        }
    }

    [Fact]
    public void Two_states_are_an_error()
    {
        using LuksImage image = LuksImage.Format();
        byte[] json = FirstBootToken.Write(FirstBootState.New);
        Change(image, TokenChange.Put(1, json), TokenChange.Put(4, json));
        Assert.False(FirstBootToken.TryFind(image.Header().Metadata, out _, out ParseError error));
        Assert.Equal("tokens 1 and 4 are both of type initruntime", error.Message);
    }

    private static bool TryChange(LuksImage image, TokenChange[] changes, out DiskRegion[] regions, out ParseError error)
    {
        byte[] device = image.Read(0, Luks2Header.LongestRead);
        Assert.True(Luks2Header.TryParse(device, image.Length, out Luks2Header header, out error), error.ToString());
        return Luks2HeaderWriter.TryChangeTokens(
            device, image.Length, header, changes, RandomNumberGenerator.GetBytes(2 * Luks2HeaderWriter.SaltLength), out regions, out error);
    }

    private static void Change(LuksImage image, params TokenChange[] changes)
    {
        Assert.True(TryChange(image, changes, out DiskRegion[] regions, out ParseError error), error.ToString());
        foreach (DiskRegion region in regions)
        {
            image.Write(region.Offset, region.Bytes);
        }
    }

    private static DiskRegion? Repair(LuksImage image)
    {
        byte[] device = image.Read(0, Luks2Header.LongestRead);
        Assert.True(Luks2Header.TryParse(device, image.Length, out Luks2Header header, out ParseError error), error.ToString());
        DiskRegion? region = Luks2HeaderWriter.Repair(device, header, RandomNumberGenerator.GetBytes(Luks2HeaderWriter.SaltLength));
        if (region is { } made)
        {
            image.Write(made.Offset, made.Bytes);
        }

        return region;
    }
}
