using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Run;
using InitRuntime.Mkinitramfs.Update;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>Debian's SWUpdate makes the new image of chunks of the one that runs, and of those that a web server has.</summary>
public partial class DeltaUpdateTests(ITestOutputHelper output)
{
    private const string Bad = UpdateDisk.Place + "/bad";

    /// <summary>Of a full update; what the project promises.</summary>
    private const double MostOfFull = 0.1;

    [Fact]
    public async Task An_update_downloads_what_the_device_does_not_have()
    {
        using DiskImage disk = DiskImage.Of(UpdateImages.A);
        Dictionary<string, string> files = UpdateDisk.PublishedBy(UpdateImages.B);
        files["b-delta.swu"] = UpdateImages.B[Artefacts.DeltaUpdate];
        foreach ((string name, string file) in UpdateDisk.PublishedBy(UpdateImages.B))
        {
            files[$"bad/{name}"] = Changed(disk, file);
        }

        ExtraDisk updates = UpdateDisk.Make(disk, files);
        await using Machine machine = await Machine.StartAsync(disk, output, updates);
        await machine.ReportAsync();
        await machine.CommandAsync(UpdateDisk.SettleCommand);
        await machine.CommandAsync(UpdateDisk.MountCommand);

        // Without a server, and with one whose chunks are not those that were signed, nothing that is booted changes.
        string loader = Loader(await machine.ReportAgainAsync());
        await AssertFailsAsync(machine);
        await machine.CommandAsync($"sh busybox httpd -p 127.0.0.1:8080 -h {Bad}");
        await AssertFailsAsync(machine);
        await machine.CommandAsync("sh kill $(pidof busybox)");
        Assert.Equal(loader, Loader(await machine.ReportAgainAsync()));

        await machine.CommandAsync($"sh busybox httpd -p 127.0.0.1:8080 -h {UpdateDisk.Place}");
        string said = Output(await machine.CommandAsync(UpdateDisk.InstallCommand("b-delta.swu")));
        AssertAsEstimated(said);
        await machine.CommandAsync("reboot");
        GuestReport report = await machine.ReportAsync();
        Assert.Equal(("2.0", "root-b", true), (report.Version, report.Boot("slot"), report.OnTrial));
        Assert.Equal(UpdateMember.Digest(UpdateImages.B[Artefacts.Root]), await DigestAsync(machine, $"head -c {new FileInfo(UpdateImages.B[Artefacts.Root]).Length} /dev/vda5 | sha256sum"));
        Assert.Equal(UpdateMember.Digest(UpdateImages.B[Artefacts.Uki]), await DigestAsync(machine, "mount -t vfat -o ro /dev/vda3 /mnt && sha256sum /mnt/linux.efi && umount /mnt"));
        await machine.CommandAsync(UpdateDisk.SettleCommand);
        Assert.Equal("confirmed", (await machine.ReportAgainAsync())["control"]!["trial"]!["now"]!.GetValue<string>());
        await machine.EndAsync();
    }

    /// <summary>SWUpdate tells how much it will download: for the root as much as "initruntime delta" said, for the kernel about as much, since it looks for it in a whole partition.</summary>
    private void AssertAsEstimated(string said)
    {
        long[] downloaded = [.. Downloaded().Matches(said).Select(match => long.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture))];
        Assert.Equal(2, downloaded.Length);
        (long root, _) = Chunks(UpdateImages.B, "rootfs.zck").MissingFrom(Chunks(UpdateImages.A, "rootfs.zck"));
        (long kernel, _) = Chunks(UpdateImages.B, "linux.zck").MissingFrom(Chunks(UpdateImages.A, "linux.zck"));
        output.WriteLine($"downloaded {string.Join(" and ", downloaded)} bytes; estimated {root} and {kernel}");
        Assert.Contains(root, downloaded);
        Assert.InRange(downloaded.Sum() - root, kernel, kernel + (256 << 10));
        long all = downloaded.Sum() + new FileInfo(UpdateImages.B[Artefacts.DeltaUpdate]).Length;
        long full = new FileInfo(UpdateImages.B[Artefacts.Update]).Length;
        output.WriteLine($"with the lists of chunks {all} bytes of {full}");
        Assert.True(all < full * MostOfFull, $"{all} bytes of {full}");
    }

    private static ChunkedFile Chunks(BuiltImage image, string name) =>
        ChunkedFile.Read(image[Path.Combine(Artefacts.Delta, $"{image.Summary.ImageUuid}", name)], Images.Tools);

    /// <summary>The same length, and the same list; each chunk is another one.</summary>
    private static string Changed(DiskImage disk, string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        for (long at = ChunkedFile.Read(file, Images.Tools).HeaderLength; at < bytes.Length; at++)
        {
            bytes[at] ^= 1;
        }

        string changed = Path.Combine(disk.Directory, $"bad-{Path.GetFileName(file)}");
        File.WriteAllBytes(changed, bytes);
        return changed;
    }

    private static async Task AssertFailsAsync(Machine machine)
    {
        JsonNode answer = await machine.CommandAsync(UpdateDisk.InstallCommand("b-delta.swu"), mayFail: true);
        Assert.NotEqual(0, answer["exit"]!.GetValue<int>());
    }

    private static async Task<string> DigestAsync(Machine machine, string command) => Output(await machine.CommandAsync($"sh {command}")).Split(' ')[0];

    private static string Loader(GuestReport report) => report["control"]!["loader"]!.ToJsonString();

    private static string Output(JsonNode answer) => answer["output"]!.GetValue<string>();

    [GeneratedRegex(@"Total bytes to be downloaded\s*:\s*(\d+)")]
    private static partial Regex Downloaded();
}
