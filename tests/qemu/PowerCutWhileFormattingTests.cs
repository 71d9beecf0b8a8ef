using System;
using System.Threading.Tasks;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

public class PowerCutWhileFormattingTests(ITestOutputHelper output) : PowerCuts(output)
{
    [Fact]
    public async Task In_the_end_the_volumes_are_encrypted_and_have_what_the_image_has()
    {
        string template = VolumeData.OfImage("/var/data");
        await CutAsync(
            "formatted",
            name => DiskImage.Of(VolumeImages.Formatted, name),
            (_, report) =>
            {
                Assert.Equal(template, report["data"]!["var"]!.GetValue<string>());
                Assert.StartsWith($"/dev/mapper/var[/@images/{VolumeImages.Formatted.Summary.ImageUuid}] btrfs ", report["mounts"]!["var"]!.GetValue<string>(), StringComparison.Ordinal);
                Assert.StartsWith("/dev/vda7 ext4 ", report["mounts"]!["plain"]!.GetValue<string>(), StringComparison.Ordinal);
                Assert.Single(report["luks"]!["var"]!["tokens"]!.AsObject());
            });
    }
}
