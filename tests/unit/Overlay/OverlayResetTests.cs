using System.IO;
using System.Linq;
using InitRuntime.Overlay;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Overlay;

[Collection(HostMounts.Name)]
public sealed class OverlayResetTests
{
    [FactWithOverlay]
    public void After_a_reset_the_image_is_seen_as_it_is()
    {
        using var device = new Device();
        device.Install("a=1 d/a=1");
        device.Boot(Device.A);
        File.WriteAllText(device["a"], "mine");
        Directory.Delete(device["d"], recursive: true);
        device.Install("a=2 d/a=1");
        Assert.Equal("changed a", device.Boot(Device.B));
        device.ShutDown();
        OverlayReset.Begin(device.Home);
        Assert.Empty(Directory.GetFileSystemEntries(device.Home));
        Assert.Equal("", device.Boot(Device.B));
        Assert.Equal("2", File.ReadAllText(device["a"]));
        Assert.Equal("1", File.ReadAllText(device["d/a"]));
        File.WriteAllText(device["a"], "mine again");
        device.Install("a=1 d/a=1");
        Assert.Equal("changed a", device.Boot(Device.A));
    }

    [FactWithOverlay]
    public void What_a_cut_reset_left_is_removed_by_the_next_one()
    {
        using var device = new Device();
        device.Install("a=1");
        device.Boot(Device.A);
        File.WriteAllText(device["a"], "mine");
        device.ShutDown();
        string home = device.Home;
        Directory.CreateDirectory(home + "/.reset-0/upper/deep/er");
        Directory.CreateDirectory(home + "/.reset-2");
        Directory.Move(home + "/upper", home + "/.reset-2/upper");
        // A cut there: the layer is away, its listing is not.
        Assert.Equal("", device.Boot(Device.A));
        Assert.Equal("1", File.ReadAllText(device["a"]));
        device.ShutDown();
        OverlayReset.Begin(home);
        Assert.Empty(Directory.GetFileSystemEntries(home));
    }

    [FactWithOverlay]
    public void A_large_layer_is_removed_step_by_step_and_no_link_is_followed()
    {
        using var device = new Device();
        device.Install("a=1");
        device.Boot(Device.A);
        foreach (int i in Enumerable.Range(0, 2500))
        {
            File.WriteAllText(device[$"{i}"], "");
        }

        Directory.CreateDirectory(device.Root + "/other");
        File.WriteAllText(device.Root + "/other/file", "x");
        File.CreateSymbolicLink(device["link"], device.Root + "/other");
        device.ShutDown();
        int steps = 0;
        OverlayReset.Begin(device.Home, () => steps++);
        Assert.Equal(2, steps);
        Assert.True(File.Exists(device.Root + "/other/file"));
    }

    [Fact]
    public void Where_no_layer_is_there_is_nothing_to_do()
    {
        using var directory = new TemporaryDirectory();
        OverlayReset.Begin(directory["missing"]);
        Assert.Empty(Directory.GetFileSystemEntries(directory.Path));
    }
}
