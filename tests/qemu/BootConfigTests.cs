using System;
using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>What is sealed in the initramfs is broken, or not there at all.</summary>
public class BootConfigTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("no-json", "{\n  \"format_version\"", "#\n  \"format_version\"")]
    [InlineData("unknown-member", "\"image_version\":", "\"image_versiom\":")]
    [InlineData("other-version", "\"format_version\": 1,", "\"format_version\": 7,")]
    public async Task A_broken_boot_json_is_a_named_error_and_a_reboot(string name, string text, string replacement)
    {
        using DiskImage disk = DiskImage.Of(Images.Demo, name)
            .ReplaceFile("BOOT0", Artefacts.Uki, Resealed.WithText(Images.Demo, text, replacement));

        Refused refused = await RefusedAsync(disk);

        Assert.StartsWith("/etc/initruntime/boot.json: ", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Init_alone_in_an_empty_root_says_what_is_missing_and_reboots()
    {
        using DiskImage disk = DiskImage.Of(Images.Demo).ReplaceFile("BOOT0", Artefacts.Uki, Resealed.WithInitAlone(Images.Demo));

        Refused refused = await RefusedAsync(disk);

        Assert.Equal("/etc/initruntime/boot.json is missing", refused.Reason);
    }

    private async Task<Refused> RefusedAsync(DiskImage disk)
    {
        await using Machine machine = await Machine.StartAsync(disk, output);
        Refused refused = await machine.RefusalAsync("settings");

        // Nobody counts these failures, so each waits.
        Assert.StartsWith("reboot in 10 s", refused.Next, StringComparison.Ordinal);
        Assert.InRange(await machine.RestartAsync(refused), TimeSpan.FromSeconds(9.5), TimeSpan.FromSeconds(13));
        Assert.DoesNotContain("   at ", machine.Console);
        Assert.DoesNotContain("Exception", machine.Console);
        return refused;
    }
}
