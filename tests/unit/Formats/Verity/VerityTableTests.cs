using System;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.Verity;
using Xunit;

namespace InitRuntime.Unit.Formats.Verity;

public sealed class VerityTableTests
{
    private static readonly VeritySettings _settings = new()
    {
        Algorithm = "sha256",
        RootHash = "ab",
        Salt = "cd",
        DataBlockSize = 4096,
        HashBlockSize = 1024,
        DataBlocks = 100,
        HashOffset = 409600,
        OnCorruption = CorruptionPolicy.Eio,
    };

    // Example lines: Documentation/admin-guide/device-mapper/verity.rst and verity-fec of the kernel.
    [Fact]
    public void The_ten_words_of_the_kernels_documentation()
    {
        Assert.Equal("1 259:3 259:3 4096 1024 100 401 sha256 ab cd", VerityTable.Parameters(_settings, "259:3", true));
        Assert.Equal(
            "1 /dev/sda2 /dev/sda2 4096 1024 100 401 sha256 ab -", VerityTable.Parameters(_settings with { Salt = "" }, "/dev/sda2", true));
        Assert.Equal(800, VerityTable.LengthInSectors(_settings));
    }

    [Theory]
    [InlineData(CorruptionPolicy.Panic, true, " 2 panic_on_corruption panic_on_error")]
    [InlineData(CorruptionPolicy.Panic, false, " 1 panic_on_corruption")]
    [InlineData(CorruptionPolicy.Restart, true, " 2 restart_on_corruption restart_on_error")]
    [InlineData(CorruptionPolicy.Restart, false, " 1 restart_on_corruption")]
    [InlineData(CorruptionPolicy.Ignore, true, " 1 ignore_corruption")]
    [InlineData(CorruptionPolicy.Eio, true, "")]
    public void Each_corruption_policy_has_its_words(CorruptionPolicy policy, bool panicOnError, string expected) =>
        Assert.Equal(
            "1 8:2 8:2 4096 1024 100 401 sha256 ab cd" + expected,
            VerityTable.Parameters(_settings with { OnCorruption = policy }, "8:2", panicOnError));

    [Fact]
    public void All_options_are_counted_in_words()
    {
        VeritySettings settings = _settings with
        {
            OnCorruption = CorruptionPolicy.Panic,
            IgnoreZeroBlocks = true,
            CheckAtMostOnce = true,
            TryVerifyInTasklet = true,
            Fec = new ForwardErrorCorrection { Offset = 819200, Roots = 2, Blocks = 200 },
        };
        Assert.Equal(
            "1 8:2 8:2 4096 1024 100 401 sha256 ab cd 15 panic_on_corruption panic_on_error ignore_zero_blocks check_at_most_once "
            + "try_verify_in_tasklet use_fec_from_device 8:2 fec_start 200 fec_blocks 200 fec_roots 2 "
            + "root_hash_sig_key_desc initruntime:root",
            VerityTable.Parameters(settings, "8:2", true, "initruntime:root"));
    }

    [Theory]
    [InlineData("/dev/a b")]
    [InlineData("/dev/a\\b")]
    [InlineData("/dev/a\nb")]
    [InlineData("/dev/\u00e4")]
    [InlineData("")]
    public void A_device_that_would_change_the_table_is_refused(string device) =>
        Assert.Throws<ArgumentException>(() => VerityTable.Parameters(_settings, device, true));
}
