using System;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

public class AFailedBootTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_failed_boot_is_counted_and_the_next_good_one_tells_of_it()
    {
        using DiskImage disk = DiskImage.Of(Images.Demo).FlipBit("root-a", RootPlaces.FileSystemSuperblock);
        string reason;
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            Refused first = await machine.RefusalAsync("root-mount");
            Assert.StartsWith("reboot now", first.Next, StringComparison.Ordinal);

            Refused second = await machine.RefusalAsync("root-mount");
            Assert.StartsWith("reboot in 5 s, failure 2 in a row", second.Next, StringComparison.Ordinal);
            Assert.InRange(await machine.RestartAsync(second), TimeSpan.FromSeconds(4.5), TimeSpan.FromSeconds(8));
            Assert.Contains("the boot before this one failed: ", machine.Console);
            reason = second.Reason;
        }

        disk.FlipBit("root-a", RootPlaces.FileSystemSuperblock);
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            GuestReport report = await machine.ReportAsync();

            Assert.Equal("running", report.System);
            JsonNode last = report.LastFailure ?? throw new InvalidOperationException($"no last failure: {report}");
            Assert.Equal("root-mount", last["stage"]!.GetValue<string>());
            Assert.Equal(reason, last["reason"]!.GetValue<string>());
            Assert.Equal("root-a", last["slot"]!.GetValue<string>());
            Assert.Equal($"{disk.Image.Summary.ImageUuid}", last["image_uuid"]!.GetValue<string>());
            Assert.Equal(2, last["consecutive"]!.GetValue<int>());
        }
    }
}
