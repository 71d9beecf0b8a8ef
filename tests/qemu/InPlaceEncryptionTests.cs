using System.Threading.Tasks;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

public class InPlaceEncryptionTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Volumes_that_hold_files_are_encrypted_with_all_of_them()
    {
        using DiskImage disk = DiskImage.Of(VolumeImages.InPlace);
        VolumeData var = VolumeData.Fill(disk, "var", "ext4");
        VolumeData home = VolumeData.Fill(disk, "home", "btrfs");
        for (int boot = 1; boot <= 2; boot++)
        {
            await using Machine machine = await Machine.StartAsync(disk, output);
            GuestReport report = await machine.ReportAsync();
            await machine.EndAsync();

            Assert.Equal(boot == 1, report.Volume("var")["first_boot"]!.GetValue<bool>());
            EncryptedWith(var, "var", "ext4", report);
            EncryptedWith(home, "home", "btrfs", report);
            if (boot == 1)
            {
                Assert.Contains("% of ", machine.Console);
            }
        }
    }

    /// <summary>cryptsetup sees a finished volume, the guest the same files, and the file system again has the whole volume.</summary>
    internal static void EncryptedWith(VolumeData data, string name, string fileSystem, GuestReport report)
    {
        Assert.Equal(data.Digest, report["data"]![name]!.GetValue<string>());
        Assert.StartsWith($"/dev/mapper/{name} {fileSystem} ", report["mounts"]![name]!.GetValue<string>());
        Assert.Null(report["luks"]![name]!["config"]!["requirements"]);
        Assert.Equal("systemd-tpm2", Assert.Single(report["luks"]![name]!["tokens"]!.AsObject()).Value!["type"]!.GetValue<string>());
        Assert.Equal("crypt", Assert.Single(report["luks"]![name]!["segments"]!.AsObject()).Value!["type"]!.GetValue<string>());
    }
}
