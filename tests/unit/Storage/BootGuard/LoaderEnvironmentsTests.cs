using System;
using System.IO;
using System.Linq;
using InitRuntime.Formats;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Linux;
using InitRuntime.Storage.BootGuard;
using InitRuntime.Storage.Devices;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Storage.BootGuard;

public sealed class LoaderEnvironmentsTests
{
    [Theory]
    [InlineData(4096, 1)]
    [InlineData(65536, 8)]
    public void A_variable_is_withdrawn_on_the_partition_and_all_else_stays(int kibibytes, int sectorsPerCluster)
    {
        using var directory = new TemporaryDirectory();
        string file = directory["BGENV.DAT"];
        Tools.Run("bg_setenv", $"--filepath={file}", "--kernel=C:BOOT0:linux.efi", "--revision=2", "--uservar=reset=all", "--uservar=last=1");
        string image = Partition(directory, kibibytes, sectorsPerCluster, file);
        byte[] before = File.ReadAllBytes(image);

        LoaderEnvironments.Withdraw(image, "reset");

        byte[] after = File.ReadAllBytes(image);
        int[] differ = [.. Enumerable.Range(0, before.Length).Where(i => before[i] != after[i])];
        Assert.InRange(differ.Length, 4, 8);
        Assert.Equal(differ[0] / 512, differ[^1] / 512);
        Tools.Run("fsck.fat", "-n", image);
        Tools.Run("mcopy", "-i", image, "::BGENV.DAT", directory["back"]);
        string shown = Tools.Run("bg_printenv", $"--filepath={directory["back"]}");
        Assert.EndsWith("reset ( Type is not printable )\nlast = 1", shown.TrimEnd(), StringComparison.Ordinal);
        Assert.True(LoaderEnvironments.TryRead(image, out BootGuardEnvironment? environment, out ParseError error), error.Message);
        Assert.Equal(2u, environment.Revision);

        DateTime written = File.GetLastWriteTimeUtc(image);
        LoaderEnvironments.Withdraw(image, "reset");
        LoaderEnvironments.Withdraw(image, "none");
        Assert.Equal(written, File.GetLastWriteTimeUtc(image));
    }

    [Fact]
    public void The_state_is_set_on_the_partition_in_one_sector()
    {
        using var directory = new TemporaryDirectory();
        string file = directory["BGENV.DAT"];
        Tools.Run("bg_setenv", $"--filepath={file}", "--kernel=C:BOOT1:linux.efi", "--revision=3", "--ustate=TESTING", "--uservar=last=1");
        string image = Partition(directory, 4096, 1, file);
        byte[] before = File.ReadAllBytes(image);

        LoaderEnvironments.SetState(image, UpdateState.Ok);

        byte[] after = File.ReadAllBytes(image);
        Assert.Single(Enumerable.Range(0, before.Length).Where(i => before[i] != after[i]).Select(i => i / 512).Distinct());
        Tools.Run("mcopy", "-i", image, "::BGENV.DAT", directory["back"]);
        string shown = Tools.Run("bg_printenv", $"--filepath={directory["back"]}");
        Assert.Contains("ustate:           0 (OK)", shown, StringComparison.Ordinal);
        Assert.EndsWith("last = 1", shown.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal("", Field(shown, "kernelargs"));
    }

    [Fact]
    public void A_damaged_environment_is_written_anew_where_its_length_is_right()
    {
        using var directory = new TemporaryDirectory();
        string file = directory["BGENV.DAT"];
        Tools.Run("bg_setenv", $"--filepath={file}", "--kernel=C:BOOT0:linux.efi", "--args=a=b", "--revision=3", "--ustate=OK");
        Assert.True(BootGuardEnvironment.TryParse(File.ReadAllBytes(file), out BootGuardEnvironment? good, out ParseError error), error.Message);
        BootGuardEnvironment missing = BootSlots.Counterpart(good)!;
        File.WriteAllBytes(file, new byte[BootGuardEnvironment.DefaultSize]);
        string image = Partition(directory, 4096, 1, file);

        Assert.True(LoaderEnvironments.TryRewrite(image, missing.ToBytes()));

        Tools.Run("fsck.fat", "-n", image);
        Tools.Run("mcopy", "-i", image, "::BGENV.DAT", directory["back"]);
        string shown = Tools.Run("bg_printenv", $"--filepath={directory["back"]}");
        Assert.Contains("revision:         2", shown, StringComparison.Ordinal);
        Assert.Equal(("C:BOOT1:linux.efi", "a=b"), (Field(shown, "kernel"), Field(shown, "kernelargs")));
        Assert.False(LoaderEnvironments.TryRewrite(image, new byte[5]));
    }

    private static string Field(string shown, string name) =>
        shown.Split('\n').Single(line => line.StartsWith($"{name}:", StringComparison.Ordinal))[(name.Length + 1)..].Trim();

    [Fact]
    public void A_partition_without_an_environment_is_named()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["other"], "");
        string image = Partition(directory, 4096, 1, directory["other"]);
        Assert.Equal("BGENV.DAT is gone", Assert.Throws<BootException>(() => LoaderEnvironments.Withdraw(image, "reset")).Message);
        Assert.False(LoaderEnvironments.TryRead(image, out _, out ParseError error));
        Assert.False(error.IsError);
    }

    [Theory]
    [InlineData(UpdateState.Testing, false, true)]
    [InlineData(UpdateState.Testing, true, false)]
    [InlineData(UpdateState.Ok, false, false)]
    [InlineData(UpdateState.Installed, false, true)]
    [InlineData(UpdateState.Failed, false, null)]
    public void The_newest_environment_says_whether_the_image_is_on_trial(UpdateState state, bool inProgress, bool? expected)
    {
        LoaderEnvironment Environment(uint revision, UpdateState state, bool inProgress) => new(
            new BlockDevice("vda", "", 0), "BOOT0",
            new BootGuardEnvironment
            {
                KernelFile = "",
                KernelParameters = "",
                InProgress = inProgress,
                UpdateState = state,
                WatchdogTimeoutSeconds = 0,
                Revision = revision,
            });
        Assert.Equal(expected, LoaderEnvironments.OnTrial([Environment(1, UpdateState.Ok, false), Environment(2, state, inProgress)]));
        Assert.Null(LoaderEnvironments.OnTrial([]));
    }

    private static string Partition(TemporaryDirectory directory, int kibibytes, int sectorsPerCluster, string file)
    {
        string image = directory["partition"];
        Tools.Run("mkfs.fat", "-C", "-s", $"{sectorsPerCluster}", image, $"{kibibytes}");
        Tools.Run("mcopy", "-i", image, file, $"::{Path.GetFileName(file)}");
        return image;
    }
}
