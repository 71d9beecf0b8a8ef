using System.Threading.Tasks;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

public class PowerCutWhileEncryptingTests(ITestOutputHelper output) : PowerCuts(output)
{
    [Fact]
    public async Task In_the_end_the_volumes_are_encrypted_and_have_every_file_they_had()
    {
        VolumeData var = null!, home = null!;
        await CutAsync(
            "in-place",
            name =>
            {
                DiskImage disk = DiskImage.Of(VolumeImages.InPlace, name);
                var = VolumeData.Fill(disk, "var", "ext4");
                home = VolumeData.Fill(disk, "home", "btrfs");
                return disk;
            },
            (_, report) =>
            {
                InPlaceEncryptionTests.EncryptedWith(var, "var", "ext4", report);
                InPlaceEncryptionTests.EncryptedWith(home, "home", "btrfs", report);
            });
    }
}
