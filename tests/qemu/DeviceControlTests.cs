using System;
using System.IO;
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
        // Words of the kernel come between those that are waited for.
        await SayAsync(machine, "dmesg -n 1; echo qui''et", "quiet");
        // The page's commands, in its order.
        string[] told = [.. File.ReadLines(Path.Combine(Places.Repository, "docs/device.md")).Where(line => line.StartsWith("# initruntime-ctl ", StringComparison.Ordinal)).Select(line => line[2..])];
        Assert.Equal(4, told.Length);
        await SayAsync(machine, told[0], "confirmed");
        await SayAsync(machine, told[1], "volume var on /var");
        await SayAsync(machine, told[2], "Nothing that this image brings is hidden");

        await SayAsync(machine, "initruntime-ctl reset --volume home; echo code $?", "error: there is no volume home");
        await machine.WaitForAsync("code 2");
        await SayAsync(machine, $"{told[3]}; echo code $?", "Type yes to go on: ");
        await SayAsync(machine, "no", "code 1");
        await SayAsync(machine, told[3], "Type yes to go on: ");
        await SayAsync(machine, "yes", "The request is kept until the next boot");
        await SayAsync(machine, "initruntime-ctl status", "makes a factory reset of volumes var");
        await SayAsync(machine, "initruntime-ctl reset --cancel", "The request is taken back.");
        await SayAsync(machine, "initruntime-ctl reset --cancel", "There is no request.");
        await SayAsync(machine, "ls -d /run/initruntime/view-*", "No such file or directory");
    }

    [Fact]
    public async Task The_control_program_tells_whose_data_an_image_on_trial_uses()
    {
        using DiskImage disk = DiskImage.Of(PairedImages.All.A);
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            await machine.ReportAsync();
            JsonNode settled = Volume(await AskAsync(machine, "snapshots --json"), "device");
            Assert.Equal(("settled", $"{PairedImages.All.A.Summary.ImageUuid}"), (Text(settled["state"]), Text(settled["owner"])));
            await machine.EndAsync();
        }

        disk.InstallAsGuestLeftIt(PairedImages.All.B, "root-b");
        await using (Machine machine = await Machine.StartAsync(disk, output))
        {
            await machine.ReportAsync();
            await machine.CommandAsync("write one");
            JsonNode status = await AskAsync(machine, "status --json");
            Assert.Equal(("on-trial", "on-trial"), (Text(status["trial"]!["at_boot"]), Text(status["trial"]!["now"])));
            Assert.Equal(["BOOT0 ok", "BOOT1 testing"], status["loader"]!["environments"]!.AsArray().Select(one => $"{one!["partition"]} {one["state"]}").Order());

            (string A, string B) images = ($"{PairedImages.All.A.Summary.ImageUuid}", $"{PairedImages.All.B.Summary.ImageUuid}");
            JsonNode volumes = await AskAsync(machine, "snapshots --json");
            foreach (string name in (string[])["var", "pairs"])
            {
                JsonNode?[] found = [.. Volume(volumes, name)["images"]!.AsArray()];
                JsonNode old = found.Single(image => Text(image!["image"]) == images.A)!;
                JsonNode running = found.Single(image => Text(image!["image"]) == images.B)!;
                Assert.Equal(("other-slot", "root-a", "running", "root-b"), (Text(old["place"]), Text(old["slot"]), Text(running["place"]), Text(running["slot"])));
                Assert.True(running["pending"]!.GetValue<bool>());
                Assert.InRange(running["exclusive_bytes"]!.GetValue<long>(), 1, running["total_bytes"]!.GetValue<long>());
            }

            foreach (string name in (string[])["device", "xdevice"])
            {
                JsonNode volume = Volume(volumes, name);
                Assert.Equal(("trial", images.A, images.B), (Text(volume["state"]), Text(volume["owner"]), Text(volume["trial"])));
                Assert.Equal(32L << 20, volume["total_bytes"]!.GetValue<long>());
                Assert.InRange(volume["used_bytes"]!.GetValue<long>(), 1, 32L << 20);
            }

            Assert.Equal("shared", Text(Volume(volumes, "shared")["provider"]));
            output.WriteLine(await TellAsync(machine, "status"));
            output.WriteLine(await TellAsync(machine, "snapshots"));
            await machine.EndAsync();
        }
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

    private static JsonNode Volume(JsonNode answer, string name) => answer["volumes"]!.AsArray().Single(volume => Text(volume!["name"]) == name)!;

    private static async Task<JsonNode> AskAsync(Machine machine, string arguments) => JsonNode.Parse(await TellAsync(machine, arguments))!;

    private static async Task<string> TellAsync(Machine machine, string arguments) =>
        Text((await machine.CommandAsync($"sh initruntime-ctl {arguments}"))["output"])!;

    private static string? Text(JsonNode? node) => node?.GetValue<string>();

    private static async Task SayAsync(Machine machine, string line, string answer)
    {
        machine.Type(line + "\n");
        await machine.WaitForAsync(answer);
    }
}
