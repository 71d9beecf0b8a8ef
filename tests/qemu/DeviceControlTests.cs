using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

public class DeviceControlTests(ITestOutputHelper output)
{
    [Fact]
    public async Task The_control_program_tells_of_the_boot_and_keeps_a_request_until_it_is_taken_back()
    {
        using DiskImage disk = DiskImage.Of(Images.Demo);
        await using Machine machine = await Machine.StartAsync(disk, output);
        GuestReport report = await machine.ReportAsync();
        AssertSaysWhatInitSaid(report, Assert.IsType<JsonObject>(report["control"]));

        await machine.WaitForAsync("login: ");
        await SayAsync(machine, "root", "Password: ");
        await SayAsync(machine, "demo", "# ");
        await SayAsync(machine, "initruntime-ctl status", "confirmed");
        await SayAsync(machine, "initruntime-ctl snapshots", "volume var on /var");
        await SayAsync(machine, "initruntime-ctl drift", "Nothing that this image brings is hidden");

        await SayAsync(machine, "initruntime-ctl reset --volume home; echo code $?", "error: there is no volume home");
        await machine.WaitForAsync("code 2");
        await SayAsync(machine, "initruntime-ctl reset --volume var; echo code $?", "Type yes to go on: ");
        await SayAsync(machine, "no", "code 1");
        await SayAsync(machine, "initruntime-ctl reset --volume var", "Type yes to go on: ");
        await SayAsync(machine, "yes", "The request is kept until the next boot");
        await SayAsync(machine, "initruntime-ctl status", "makes a factory reset of volumes var");
        await SayAsync(machine, "initruntime-ctl reset --cancel", "The request is taken back.");
        await SayAsync(machine, "initruntime-ctl reset --cancel", "There is no request.");
        await SayAsync(machine, "ls /run/initruntime", "boot.json");
    }

    private static void AssertSaysWhatInitSaid(GuestReport report, JsonObject control)
    {
        JsonNode image = control["image"]!;
        Assert.Equal(
            (report.Boot("image_uuid"), report.Boot("image_name"), report.Boot("image_version"), report.Boot("slot"), report.Boot("root_partition"), report.Boot("system_disk")),
            (Text(image["uuid"]), Text(image["name"]), Text(image["version"]), Text(image["slot"]), Text(image["root_partition"]), Text(image["system_disk"])));
        Assert.Equal(("confirmed", "confirmed"), (Text(control["trial"]!["at_boot"]), Text(control["trial"]!["now"])));
        Assert.Equal(["BOOT0 ok", "BOOT1 ok"], control["loader"]!["environments"]!.AsArray().Select(one => $"{one!["partition"]} {one["state"]}").Order());
        Assert.Empty(control["loader"]!["problems"]!.AsArray());

        JsonNode told = Assert.Single(control["volumes"]!.AsArray())!;
        JsonNode volume = report.Volume("var");
        foreach (string member in (string[])["name", "mount_point", "device", "encrypted", "unlocked_by", "first_boot", "snapshot"])
        {
            Assert.True(JsonNode.DeepEquals(volume[member], told[member]), $"{member}: /init says {volume[member]}, the control program {told[member]}");
        }

        Assert.InRange(told["free_bytes"]!.GetValue<long>(), 1, told["total_bytes"]!.GetValue<long>());
        Assert.Empty(control["reset_requests"]!.AsArray());
        Assert.Null(control["last_failure"]);
    }

    private static string? Text(JsonNode? node) => node?.GetValue<string>();

    private static async Task SayAsync(Machine machine, string line, string answer)
    {
        machine.Type(line + "\n");
        await machine.WaitForAsync(answer);
    }
}
