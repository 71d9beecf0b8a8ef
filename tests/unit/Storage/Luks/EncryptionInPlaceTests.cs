using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using InitRuntime.Crypto;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using InitRuntime.Linux;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Storage.Luks;
using InitRuntime.Unit.Formats.Luks2;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Storage.Luks;

/// <summary>
/// A file system that cryptsetup encrypts where it is: its header with an unfinished re-encryption takes tokens, though cryptsetup
/// itself refuses to write any then, and can be staged; and cryptsetup finishes what it began.
/// </summary>
public sealed class EncryptionInPlaceTests
{
    private const int MiB = 1 << 20;
    private const int FileSystemLength = 32 * MiB;
    private const int HeaderLength = 16 * MiB;

    private static readonly byte[] _test = """{"type":"test","keyslots":["0"],"kept":"yes"}"""u8.ToArray();

    [Fact]
    public void Tokens_can_be_added_while_a_re_encryption_is_unfinished_and_outlive_it()
    {
        using LuksImage image = Begun(out byte[] plain);
        LuksDevice device = Read(image);
        Assert.True(device.IsReencryptionUnfinished);
        device = LuksHeader.WriteTokens(device, [TokenChange.Put(2, _test), TokenChange.Put(5, FirstBootToken.Write(FirstBootState.Staged))]);
        Assert.True(device.IsReencryptionUnfinished && device.IsFirstBootUnfinished);
        image.RealJson();
        device = Finish(image);
        Assert.Equal([_test, FirstBootToken.Write(FirstBootState.Staged)], device.Header.Metadata.Tokens.Select(token => token.Json));
        AssertDecrypts(device, plain);

        device = LuksHeader.RemoveToken(device, device.FirstBoot!.Number);
        Assert.False(device.IsFirstBootUnfinished);
        image.RealJson();
        image.TestPassphrase();
        AssertDecrypts(device, plain);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_header_that_was_staged_behind_the_data_is_brought_to_the_start_and_the_encryption_goes_on(bool isSecondCopyDamaged)
    {
        using LuksImage image = Begun(out byte[] plain);
        long staging = (long)image.Length - (2 * HeaderLength);
        byte[] header = image.Read(0, HeaderLength);
        Assert.False(image.Read(staging, HeaderLength).AsSpan().ContainsAnyExcept((byte)0));
        image.Write(staging, header);
        image.Write(0, plain.AsSpan(0, HeaderLength));
        Assert.Null(LuksDevice.TryReadAt(image.Path, 0, image.Length, out _));
        if (isSecondCopyDamaged)
        {
            image.Write(staging + (16 << 10), new byte[512]);
        }

        LuksDevice staged = LuksDevice.TryReadAt(image.Path, staging, image.Length, out ParseError error)!;
        Assert.False(error.IsError, error.ToString());
        staged = LuksHeader.WriteTokens(staged, [TokenChange.Put(0, FirstBootToken.Write(FirstBootState.Staged))]);
        Assert.Equal((staging, true), (staged.Offset, staged.IsFirstBootUnfinished));
        BootException refused = Assert.Throws<BootException>(() => StagedHeader.Write(staged, image.Path, clear: false));
        Assert.Equal("the partition is not empty: bytes at 0", refused.Message);
        StagedHeader.Write(staged, image.Path, clear: true);
        Assert.Equal(image.Read(staging, HeaderLength), image.Read(0, HeaderLength));
        Assert.Equal(header.AsSpan(32 << 10).ToArray(), image.Read(32 << 10, HeaderLength - (32 << 10)));
        image.RealJson();
        LuksDevice device = Finish(image);
        Assert.True(device.IsFirstBootUnfinished);
        AssertDecrypts(device, plain);
    }

    /// <summary>
    /// What a power cut leaves when the last piece is encrypted and cryptsetup has not said so: it cannot go on from there. The moment
    /// is met by killing it again and again, the later the shorter it has still to live.
    /// </summary>
    [Fact]
    public void An_encryption_that_was_cut_after_its_last_piece_is_ended_as_cryptsetup_ends_it()
    {
        const int MostTries = 60;
        using LuksImage image = Begun(out byte[] plain);
        byte[] begun = image.Read(0, (int)image.Length);
        var watch = Stopwatch.StartNew();
        LuksDevice finished = Finish(image);
        TimeSpan whole = watch.Elapsed;
        string wanted = image.RealJson();
        Assert.Null(LuksHeader.TryEndEncryption(finished));

        for (int tries = 0; tries < MostTries; tries++)
        {
            image.Write(0, begun);
            Assert.Null(LuksHeader.TryEndEncryption(Read(image)));
            ResumeAndKill(image, whole * (0.5 + (tries % 12 * 0.05)));
            LuksImage.Cryptsetup("repair", "--batch-mode", "--key-file", image.KeyFile, image.Path);
            LuksDevice cut = Read(image);
            if (LuksHeader.TryEndEncryption(cut) is not { } ended)
            {
                // Something is left to encrypt, or nothing at all: either way cryptsetup goes on from here.
                AssertDecrypts(cut.IsReencryptionUnfinished ? Finish(image) : cut, plain);
                continue;
            }

            Assert.False(ended.IsReencryptionUnfinished);
            Assert.Equal(wanted, image.RealJson());
            image.TestPassphrase();
            AssertDecrypts(ended, plain);

            // The plain start of the data is nowhere any more.
            Assert.Equal(-1, image.Read(0, (int)image.Length).AsSpan().IndexOf(plain.AsSpan(1024, 256)));
            Assert.Null(LuksHeader.TryEndEncryption(ended));
            return;
        }

        Assert.Fail($"cryptsetup was never met between its last piece and its end in {MostTries} tries");
    }

    [Fact]
    public void A_staged_header_goes_only_where_it_belongs()
    {
        using LuksImage image = LuksImage.Format();
        byte[] header = image.Read(0, HeaderLength);
        string staged = image.KeyFileOf("staged", "");
        File.WriteAllBytes(staged, header);
        LuksDevice source = LuksDevice.TryReadAt(staged, 0, image.Length, out _)!;
        using LuksImage blank = LuksImage.Empty();
        LuksDevice other = LuksDevice.TryReadAt(staged, 0, image.Length + 4096, out _)!;
        BootException refused = Assert.Throws<BootException>(() => StagedHeader.Write(other, blank.Path, clear: true));
        Assert.Equal($"the header is made for a device of {image.Length + 4096} bytes, not {image.Length}", refused.Message);
        refused = Assert.Throws<BootException>(() => StagedHeader.Write(Read(image), image.Path, clear: true));
        Assert.Equal("the header was staged at byte 0, within its own place", refused.Message);
        Assert.False(blank.Read(0, HeaderLength).AsSpan().ContainsAnyExcept((byte)0));
        StagedHeader.Write(source, blank.Path, clear: false);
        Assert.Equal(header, blank.Read(0, HeaderLength));
        blank.TestPassphrase();
    }

    /// <summary>An ext4 with a known file, in a file that is 48 MiB longer, of which cryptsetup has begun the encryption.</summary>
    private static LuksImage Begun(out byte[] plain)
    {
        LuksImage image = LuksImage.Empty(FileSystemLength + (48 * MiB));
        using var content = new TemporaryDirectory();
        File.WriteAllBytes(content["known"], RandomNumberGenerator.GetBytes(3 * MiB));
        Tools.Run("mkfs.ext4", "-q", "-d", content.Path, image.Path, $"{FileSystemLength / 1024}k");
        plain = image.Read(0, FileSystemLength);
        LuksImage.Cryptsetup(
            "reencrypt", "--encrypt", "--init-only", "--type", "luks2", "--reduce-device-size", "32M", "--pbkdf", "pbkdf2",
            "--pbkdf-force-iterations", "1000", "--key-file", image.KeyFile, "--batch-mode", image.Path);
        return image;
    }

    private static void ResumeAndKill(LuksImage image, TimeSpan after)
    {
        // In the tools' own process tree, so that the one that encrypts is the one that is killed.
        string seconds = after.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);
        Tools.Tree.Command(
            "timeout", "--signal=KILL", seconds, "cryptsetup", "reencrypt", "--resume-only", "--force-offline-reencrypt", "--key-file", image.KeyFile,
            "--batch-mode", image.Path).TryRun(new PlainLog(TextWriter.Null, showCommands: false));
    }

    private static LuksDevice Finish(LuksImage image)
    {
        LuksImage.Cryptsetup(
            "reencrypt", "--resume-only", "--force-offline-reencrypt", "--key-file", image.KeyFile, "--batch-mode", image.Path);
        image.RealJson();
        LuksDevice device = Read(image);
        Assert.False(device.IsReencryptionUnfinished);
        return device;
    }

    private static LuksDevice Read(LuksImage image)
    {
        LuksDevice? device = LuksDevice.TryReadAt(image.Path, 0, image.Length, out ParseError error);
        Assert.False(error.IsError, error.ToString());
        return device!;
    }

    private static void AssertDecrypts(LuksDevice device, byte[] plain)
    {
        Assert.True(Luks2Volume.TryFind(device.Header, out Luks2Volume volume, out ParseError error), error.ToString());
        using var key = new SecretBuffer(volume.KeyLength);
        byte[] passphrase = Encoding.ASCII.GetBytes(LuksImage.Passphrase);
        Assert.True(LuksVolume.TryOpenKeyslot(device, volume, null, passphrase, key, out _, out error), error.ToString());
        byte[] data = new byte[plain.Length];
        Assert.True(device.TryReadArea((long)volume.Segment.Offset, data));
        Assert.False(data.AsSpan().SequenceEqual(plain));
        using var cipher = new AesXts(key.Span);
        cipher.Decrypt(data, volume.Segment.SectorSize, volume.Segment.IvTweak, (uint)volume.Segment.SectorSize / 512);
        Assert.True(data.AsSpan().SequenceEqual(plain), "the file system is not what it was");
    }
}
