using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Crypto;
using InitRuntime.Formats;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Unit.Harness;
using Xunit;
using Reference = System.Security.Cryptography;

namespace InitRuntime.Unit.Formats.BootGuard;

public sealed class BootGuardEnvironmentTests
{
    private static readonly BootGuardEnvironment _sample = new()
    {
        KernelFile = "C:BOOT:kernel.efi",
        KernelParameters = "root=/dev/sda",
        InProgress = false,
        UpdateState = UpdateState.Ok,
        WatchdogTimeoutSeconds = 0,
        Revision = 1,
        UserVariables = [BootGuardVariable.OfText("foo", "bar")],
    };

    // The sums of EFI Boot Guard's own tests/bg_setenv.bats.
    [Fact]
    public void The_sample_and_the_empty_environment_have_the_sums_of_the_loaders_own_tests()
    {
        Assert.Equal("6ad1dd1d98209a03d7b4fc2d2f16f9ec", Md5(_sample.ToBytes()));
        BootGuardEnvironment empty = _sample with { KernelFile = "", KernelParameters = "", Revision = 0, UserVariables = [] };
        Assert.Equal("441b49e907a117d2fe1dc1d69d8ea1b0", Md5(empty.ToBytes()));
    }

    [Fact]
    public void What_bg_setenv_writes_is_read_and_written_back_the_same()
    {
        using var directory = new TemporaryDirectory();
        string file = directory["BGENV.DAT"];
        Tools.Run(
            "bg_setenv", $"--filepath={file}", "--kernel=C:BOOT0:linux.efi", "--args=quiet panic=5", "--revision=2147483646", "--ustate=2",
            "--watchdog=65535", "--in_progress=1", "--uservar=recovery_status=in_progress", "--uservar=other=x y");
        byte[] bytes = File.ReadAllBytes(file);
        Assert.Equal(BootGuardEnvironment.DefaultSize, bytes.Length);
        Assert.True(BootGuardEnvironment.TryParse(bytes, out BootGuardEnvironment? value, out _));
        Assert.Equal("C:BOOT0:linux.efi", value.KernelFile);
        Assert.Equal("quiet panic=5", value.KernelParameters);
        Assert.Equal(2147483646u, value.Revision);
        Assert.Equal(UpdateState.Testing, value.UpdateState);
        Assert.Equal(65535, value.WatchdogTimeoutSeconds);
        Assert.True(value.InProgress);
        Assert.False(value.UserVariablesError.IsError);
        Assert.Equal(
            [("recovery_status", "in_progress"), ("other", "x y")], value.UserVariables.Select(v => (v.Name, v.Text ?? "no text")));
        Assert.Equal(bytes, value.ToBytes());
    }

    [Theory]
    [InlineData(UpdateState.Ok, "0 (OK)")]
    [InlineData(UpdateState.Installed, "1 (INSTALLED)")]
    [InlineData(UpdateState.Testing, "2 (TESTING)")]
    [InlineData(UpdateState.Failed, "3 (FAILED)")]
    public void Bg_printenv_reads_ours(UpdateState state, string shown)
    {
        using var directory = new TemporaryDirectory();
        BootGuardEnvironment value = _sample with { UpdateState = state, Revision = 7, WatchdogTimeoutSeconds = 30, InProgress = true };
        File.WriteAllBytes(directory["BGENV.DAT"], value.ToBytes());
        Assert.Equal(
            $"""
            Values:
            in_progress:      yes
            revision:         7
            kernel:           C:BOOT:kernel.efi
            kernelargs:       root=/dev/sda
            watchdog timeout: 30 seconds
            ustate:           {shown}

            user variables:
            foo = bar
            """,
            Tools.Run("bg_printenv", "-f", directory["BGENV.DAT"]).TrimEnd());
    }

    [Fact]
    public void Another_build_of_the_loader_has_another_size()
    {
        BootGuardEnvironment small = _sample with { Size = 2048 };
        Assert.True(BootGuardEnvironment.TryParse(small.ToBytes(), out BootGuardEnvironment? value, out _));
        Assert.Equal(2048, value.Size);
        Assert.Equal("bar", Assert.Single(value.UserVariables).Text);
    }

    [Fact]
    public void Damage_is_answered_and_never_thrown()
    {
        byte[] bytes = (_sample with { Size = 1100 }).ToBytes();
        Hostile.EveryPrefixAndEveryDamagedByte(bytes, damaged => BootGuardEnvironment.TryParse(damaged, out _, out _));
        // And with a CRC that is right again.
        Hostile.EveryPrefixAndEveryDamagedByte(
            bytes, damaged => damaged.Length > 4 && BootGuardEnvironment.TryParse(WithCrc(damaged.ToArray()), out _, out _));
    }

    [Theory]
    [InlineData(1020, 2, "in_progress 2, wanted 0 or 1")]
    [InlineData(1021, 5, "ustate 5, wanted 0 to 4")]
    public void Each_field_that_is_wrong_is_named(int offset, int value, string expected)
    {
        byte[] bytes = _sample.ToBytes();
        bytes[offset] = (byte)value;
        Assert.False(BootGuardEnvironment.TryParse(WithCrc(bytes), out _, out ParseError error));
        Assert.Equal(expected, error.Message);
    }

    [Fact]
    public void A_wrong_crc_and_texts_without_an_end_are_named()
    {
        byte[] bytes = _sample.ToBytes();
        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(132100));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(132100), 1);
        Assert.False(BootGuardEnvironment.TryParse(bytes, out _, out ParseError error));
        Assert.Equal($"CRC {crc:x8}, the file says 00000001", error.Message);
        bytes.AsSpan(0, 510).Fill((byte)'a');
        Assert.False(BootGuardEnvironment.TryParse(WithCrc(bytes), out _, out error));
        Assert.Equal("the kernel file has no end", error.Message);
        bytes = _sample.ToBytes();
        bytes.AsSpan(510, 510).Fill((byte)'a');
        Assert.False(BootGuardEnvironment.TryParse(WithCrc(bytes), out _, out error));
        Assert.Equal("the kernel parameters have no end", error.Message);
    }

    [Theory]
    [InlineData(1032, 11u, "user variable 0: length 11")]
    [InlineData(1032, 131073u, "user variable 0: length 131073")]
    [InlineData(1032, uint.MaxValue, "user variable 0: length 4294967295")]
    public void Broken_user_variables_do_not_hide_the_rest(int offset, uint length, string expected)
    {
        byte[] bytes = _sample.ToBytes();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(offset), length);
        Assert.True(BootGuardEnvironment.TryParse(WithCrc(bytes), out BootGuardEnvironment? value, out _));
        Assert.Equal(expected, value.UserVariablesError.Message);
        Assert.Empty(value.UserVariables);
        Assert.Equal(1u, value.Revision);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Assert.Throws<ArgumentException>(() => (_sample with { KernelFile = new string('a', 255) }).ToBytes());
        Assert.Equal(254, Parsed(_sample with { KernelParameters = new string('a', 254) }).KernelParameters.Length);
        Assert.Throws<ArgumentException>(() => (_sample with { UserVariables = [BootGuardVariable.OfText("", "x")] }).ToBytes());
        // Name 1 + NUL + 4 + 8 + data: one byte must stay for the end of the list.
        Assert.Throws<ArgumentException>(() => (_sample with { UserVariables = [new("a", 1, new byte[131072 - 14])] }).ToBytes());
        Assert.Single(Parsed(_sample with { UserVariables = [new("a", 1, new byte[131072 - 15])] }).UserVariables);
    }

    [Fact]
    public void The_highest_revision_is_the_latest_and_the_first_of_equals_wins()
    {
        BootGuardEnvironment?[] environments = [null, _sample, _sample with { Revision = 2 }, _sample with { Revision = 2 }];
        Assert.Equal(2, BootGuardEnvironment.IndexOfLatest(environments));
        Assert.Equal(-1, BootGuardEnvironment.IndexOfLatest(new List<BootGuardEnvironment?> { null }.ToArray()));
    }

    private static BootGuardEnvironment Parsed(BootGuardEnvironment value)
    {
        Assert.True(BootGuardEnvironment.TryParse(value.ToBytes(), out BootGuardEnvironment? parsed, out _));
        return parsed;
    }

    private static byte[] WithCrc(byte[] file)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(file.Length - 4), Crc32.Of(file.AsSpan(0, file.Length - 4)));
        return file;
    }

    private static string Md5(byte[] bytes) =>
        Convert.ToHexStringLower(Reference.CryptographicOperations.HashData(Reference.HashAlgorithmName.MD5, bytes));
}
