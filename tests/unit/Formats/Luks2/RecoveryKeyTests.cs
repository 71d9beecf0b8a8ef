using System;
using System.Linq;
using System.Text;
using InitRuntime.Formats.Luks2;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Luks2;

/// <summary>Recovery keys, beside those that systemd-cryptenroll makes.</summary>
public sealed class RecoveryKeyTests
{
    private const string Modhex = "cbdefghijklnrtuv";

    [Fact]
    public void Each_byte_becomes_two_letters_in_groups_of_eight()
    {
        byte[] random = [.. Enumerable.Range(0, 16).Select(i => (byte)i), .. Enumerable.Range(0, 16).Select(i => (byte)(i << 4 | i))];
        Assert.Equal("cccbcdce-cfcgchci-cjckclcn-crctcucv-ccbbddee-ffgghhii-jjkkllnn-rrttuuvv", Text(random));
        Assert.Throws<ArgumentOutOfRangeException>(() => RecoveryKey.Format(new byte[31], new byte[71]));
        Assert.Throws<ArgumentOutOfRangeException>(() => RecoveryKey.Format(new byte[32], new byte[72]));
    }

    [Fact]
    public void A_key_and_a_token_of_systemd_are_what_we_would_write()
    {
        using LuksImage image = LuksImage.Format();
        string real = Tools.Run("systemd-cryptenroll", "--recovery-key", $"--unlock-key-file={image.KeyFile}", image.Path).Trim();
        byte[] digits = [.. real.Where(letter => letter != '-').Select(letter => (byte)Modhex.IndexOf(letter, StringComparison.Ordinal))];
        byte[] random = [.. digits.Chunk(2).Select(pair => (byte)(pair[0] << 4 | pair[1]))];
        Assert.Equal(real, Text(random));
        Luks2Token token = image.Header().Metadata.Tokens.Single();
        Assert.Equal(Encoding.ASCII.GetString(SystemdRecoveryToken.Write(1)), Encoding.ASCII.GetString(token.Json));
        Assert.Equal(SystemdRecoveryToken.Kind, token.Kind);
        Assert.NotNull(image.Open(image.Volume(), 1, real, out _));
    }

    private static string Text(byte[] random)
    {
        byte[] text = new byte[RecoveryKey.TextLength];
        RecoveryKey.Format(random, text);
        return Encoding.ASCII.GetString(text);
    }
}
