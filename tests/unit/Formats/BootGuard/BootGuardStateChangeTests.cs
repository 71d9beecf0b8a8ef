using System;
using System.IO;
using System.Linq;
using InitRuntime.Formats;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.BootGuard;

public sealed class BootGuardStateChangeTests
{
    private const int SectorLength = 512;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(251)]
    public void The_loaders_tool_reads_the_new_state_and_one_sector_differs(int parametersLength)
    {
        using var directory = new TemporaryDirectory();
        string file = directory["BGENV.DAT"];
        string parameters = new('p', parametersLength);
        Tools.Run("bg_setenv", $"--filepath={file}", "--kernel=C:BOOT1:linux.efi", $"--args={parameters}", "--revision=7", "--ustate=TESTING", "--uservar=a=b");
        byte[] before = File.ReadAllBytes(file);
        byte[] after = BootGuardStateChange.Set(before, UpdateState.Ok);
        int[] differ = [.. Enumerable.Range(0, before.Length).Where(i => before[i] != after[i])];
        Assert.Single(differ.Select(i => i / SectorLength).Distinct());
        Assert.Equal(before[^4..], after[^4..]);

        File.WriteAllBytes(file, after);
        string shown = Tools.Run("bg_printenv", $"--filepath={file}");
        Assert.Contains("ustate:           0 (OK)", shown, StringComparison.Ordinal);
        Assert.Contains("revision:         7", shown, StringComparison.Ordinal);
        Assert.Contains($"kernelargs:       {parameters}\n", shown, StringComparison.Ordinal);

        // Once more, over the bytes that the first change left there; and the tool changes what we wrote.
        File.WriteAllBytes(file, BootGuardStateChange.Set(after, UpdateState.Testing));
        Tools.Run("bg_setenv", $"--filepath={file}", "--preserve", "--confirm");
        Assert.True(BootGuardEnvironment.TryParse(File.ReadAllBytes(file), out BootGuardEnvironment? environment, out ParseError error), error.Message);
        Assert.Equal((UpdateState.Ok, 7u, parameters), (environment.UpdateState, environment.Revision, environment.KernelParameters));
    }

    [Theory]
    [InlineData(252)]
    [InlineData(253)]
    [InlineData(254)]
    public void Parameters_without_room_behind_them_stay_whole(int length)
    {
        BootGuardEnvironment before = Environment(UpdateState.Installed) with { KernelParameters = new string('x', length), InProgress = true };
        Assert.True(BootGuardEnvironment.TryParse(BootGuardStateChange.Set(before.ToBytes(), UpdateState.Testing), out BootGuardEnvironment? after, out _));
        Assert.Equal((before.KernelParameters, UpdateState.Testing, false), (after.KernelParameters, after.UpdateState, after.InProgress));
    }

    [Fact]
    public void A_file_that_is_not_valid_is_refused()
    {
        byte[] bytes = Environment(UpdateState.Testing).ToBytes();
        bytes[0] ^= 1;
        Assert.Throws<ArgumentException>(() => BootGuardStateChange.Set(bytes, UpdateState.Ok));
    }

    [Theory]
    [InlineData("C:BOOT0:linux.efi", UpdateState.Ok, 5, "C:BOOT1:linux.efi", 4)]
    [InlineData("C:BOOT1:a:b", UpdateState.Ok, 5, null, 0)]
    [InlineData("L:BOOT1:linux.efi", UpdateState.Installed, 1, "L:BOOT0:linux.efi", 0)]
    [InlineData("C:BOOT1:linux.efi", UpdateState.Failed, 0, "C:BOOT0:linux.efi", 1)]
    [InlineData("linux.efi", UpdateState.Ok, 5, null, 0)]
    public void The_counterpart_starts_the_other_slot(string kernel, UpdateState state, uint revision, string? expected, uint expectedRevision)
    {
        BootGuardEnvironment? other = BootSlots.Counterpart(Environment(state) with { KernelFile = kernel, Revision = revision });
        Assert.Equal(expected, other?.KernelFile);
        if (other is not null)
        {
            Assert.Equal((UpdateState.Ok, expectedRevision, false), (other.UpdateState, other.Revision, other.InProgress));
        }
    }

    private static BootGuardEnvironment Environment(UpdateState state) => new()
    {
        KernelFile = "C:BOOT0:linux.efi",
        KernelParameters = "",
        InProgress = false,
        UpdateState = state,
        WatchdogTimeoutSeconds = 60,
        Revision = 2,
    };
}
