using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Formats;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.FactoryReset;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.BootGuard;

public sealed class BootGuardWithdrawalTests
{
    private const int SectorLength = 512;

    [Fact]
    public void The_tools_read_what_is_left_and_can_set_or_delete_the_variable_again()
    {
        using var directory = new TemporaryDirectory();
        string file = directory["BGENV.DAT"];
        Tools.Run("bg_setenv", $"--filepath={file}", "--kernel=C:BOOT0:linux.efi", "--revision=2", "--uservar=first=1", "--uservar=reset=all", "--uservar=last=x y");
        byte[] before = File.ReadAllBytes(file);
        byte[] after = BootGuardWithdrawal.TryWithdraw(before, "reset")!;
        File.WriteAllBytes(file, after);

        string shown = Tools.Run("bg_printenv", $"--filepath={file}");
        Assert.Contains("kernel:           C:BOOT0:linux.efi", shown, StringComparison.Ordinal);
        Assert.EndsWith("first = 1\nreset ( Type is not printable )\nlast = x y", shown.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(before[^4..], after[^4..]);
        BootGuardEnvironment environment = Parsed(after);
        Assert.Equal(3, environment.UserVariables.Count);
        Assert.True(BootGuardWithdrawal.IsWithdrawn(environment.UserVariables[1]));
        Assert.True(LoaderResetRequest.TryParse(environment.UserVariables[1], "", out ResetRequest? request, out _));
        Assert.Null(request);
        Assert.Null(BootGuardWithdrawal.TryWithdraw(after, "reset"));

        Tools.Run("bg_setenv", $"--filepath={file}", "--preserve", "--uservar=reset=var home");
        Assert.True(LoaderResetRequest.TryParse(Variable(File.ReadAllBytes(file), "reset")!, "", out request, out _));
        Assert.Equal("volumes var, home", request!.ToString());

        File.WriteAllBytes(file, after);
        Tools.Run("bg_setenv", $"--filepath={file}", "--preserve", "--uservar=reset=");
        Assert.Null(Variable(File.ReadAllBytes(file), "reset"));
        Assert.Equal("x y", Variable(File.ReadAllBytes(file), "last")!.Text);
    }

    [Fact]
    public void One_sector_changes_wherever_the_variable_stands_but_for_few_places()
    {
        int pairs = 0;
        for (int length = 0; length < SectorLength; length++)
        {
            byte[] before = Environment([BootGuardVariable.OfText("filler", new string('x', length)), BootGuardVariable.OfText("reset", "all"), BootGuardVariable.OfText("last", "1")]);
            byte[] after = BootGuardWithdrawal.TryWithdraw(before, "reset")!;
            Assert.Equal(before.Length, after.Length);
            int[] differ = [.. Enumerable.Range(0, before.Length).Where(i => before[i] != after[i]).Select(i => i / SectorLength).Distinct()];
            pairs += differ.Length - 1;
            Assert.True(differ.Length == 1 || (differ.Length == 2 && differ[1] == differ[0] + 1));
            BootGuardEnvironment environment = Parsed(after);
            Assert.Equal((false, true, false), (IsWithdrawn(environment, 0), IsWithdrawn(environment, 1), IsWithdrawn(environment, 2)));
            Assert.Equal("1", environment.UserVariables[2].Text);
        }

        Assert.Equal(7, pairs);
    }

    [Fact]
    public void Every_variable_of_the_name_is_taken_and_nothing_else()
    {
        byte[] before = Environment([BootGuardVariable.OfText("reset", "all"), BootGuardVariable.OfText("rese2", "var"), BootGuardVariable.OfText("preset", "all")]);
        int second = before.AsSpan().IndexOf("rese2"u8);
        before[second + 4] = (byte)'t';
        byte[] twice = WithCrc(before);
        BootGuardEnvironment after = Parsed(BootGuardWithdrawal.TryWithdraw(twice, "reset")!);
        Assert.Equal(["reset", "reset", "preset"], after.UserVariables.Select(variable => variable.Name));
        Assert.Equal((true, true, false), (IsWithdrawn(after, 0), IsWithdrawn(after, 1), IsWithdrawn(after, 2)));
        Assert.Null(BootGuardWithdrawal.TryWithdraw(twice, "other"));
    }

    [Fact]
    public void A_hostile_environment_is_answered()
    {
        byte[] bytes = Environment([BootGuardVariable.OfText("reset", "all")], size: 1100);
        Hostile.EveryPrefixAndEveryDamagedByte(
            bytes, damaged => damaged.Length > 4 && BootGuardWithdrawal.TryWithdraw(WithCrc(damaged.ToArray()), "reset") is not null);
    }

    private static byte[] Environment(IReadOnlyList<BootGuardVariable> variables, int size = BootGuardEnvironment.DefaultSize) => new BootGuardEnvironment
    {
        KernelFile = "C:BOOT0:linux.efi",
        KernelParameters = "",
        InProgress = false,
        UpdateState = UpdateState.Ok,
        WatchdogTimeoutSeconds = 60,
        Revision = 2,
        UserVariables = variables,
        Size = size,
    }.ToBytes();

    private static byte[] WithCrc(byte[] file)
    {
        BitConverter.TryWriteBytes(file.AsSpan(file.Length - 4), InitRuntime.Crypto.Crc32.Of(file.AsSpan(0, file.Length - 4)));
        return file;
    }

    private static bool IsWithdrawn(BootGuardEnvironment environment, int number) => BootGuardWithdrawal.IsWithdrawn(environment.UserVariables[number]);

    private static BootGuardVariable? Variable(byte[] file, string name) => Parsed(file).UserVariables.SingleOrDefault(variable => variable.Name == name);

    private static BootGuardEnvironment Parsed(byte[] file)
    {
        Assert.True(BootGuardEnvironment.TryParse(file, out BootGuardEnvironment? environment, out ParseError error), error.Message);
        Assert.False(environment.UserVariablesError.IsError);
        return environment;
    }
}
