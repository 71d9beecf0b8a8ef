using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Linux;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Overlay;

/// <summary>The kernel's overlayfs is the oracle: what it shows is what the report has to be about.</summary>
[Collection(HostMounts.Name)]
public sealed class OverlayMountTests
{
    [FactWithOverlay]
    public void What_the_device_changed_outlives_an_image_and_what_it_hides_is_told()
    {
        using var device = new Device();
        device.Install("hosts=1 passwd=1 removed=1 ssl/a=1 ssl/b=1 apt/a=1 apt/b=1 untouched=1");
        Assert.Equal("", device.Boot(Device.A));
        File.WriteAllText(device["hosts"], "mine");
        File.WriteAllText(device["own"], "mine");
        File.Delete(device["removed"]);
        File.WriteAllText(device["ssl/a"], "mine");
        Directory.Delete(device["apt"], recursive: true);
        Directory.CreateDirectory(device["apt"]);
        Assert.Equal("", device.Boot(Device.A));

        device.Install("hosts=2 passwd=2 removed=2 ssl/a=1 ssl/b=2 ssl/c=2 apt/a=2 apt/b=1 apt/c=2 own=2 untouched=2");
        Assert.Equal("changed apt/a, new apt/c, changed hosts, new own, changed removed", device.Boot(Device.B));
        Assert.Equal(
            ["hosts mine", "own mine", "passwd 2", "ssl/a mine", "ssl/b 2", "ssl/c 2", "untouched 2"],
            device.Describe().Where(entry => entry.Value.StartsWith("file", StringComparison.Ordinal)).Select(entry => $"{entry.Key} {entry.Value.Split(' ')[^1]}").Order(StringComparer.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(device["apt"]));

        // Later boots need no listing for that.
        device.ShutDown();
        Directory.Delete(device.Root + "/usr", recursive: true);
        Assert.Equal("changed apt/a, new apt/c, changed hosts, new own, changed removed", device.Boot(Device.B));
    }

    [FactWithOverlay]
    public void An_image_that_has_what_a_file_was_made_from_ends_its_report_and_a_third_one_is_compared_with_that()
    {
        using var device = new Device();
        device.Install("a=1 b=1");
        device.Boot(Device.A);
        File.WriteAllText(device["a"], "mine");
        File.WriteAllText(device["b"], "mine");
        device.Install("a=2 b=1");
        Assert.Equal("changed a", device.Boot(Device.B));
        device.Install("b=2 a=2");
        Assert.Equal("changed a, changed b", device.Boot(Device.C));
        device.Install("a=1 b=1");
        Assert.Equal("", device.Boot(Device.A));
        Assert.Equal("", device.Boot(Device.A));
        // Nothing of it is needed from the next image on.
        Assert.True(File.Exists(device.Home + "/drift"));
        Assert.Equal("", device.Boot(Device.B));
        Assert.False(File.Exists(device.Home + "/drift"));
    }

    /// <summary>
    /// Whatever the device does to the files of one image: of all that the next one changed, the report names what cannot be seen.
    /// </summary>
    [FactWithOverlay]
    public void The_report_agrees_with_what_the_kernel_shows()
    {
        int reported = 0;
        for (int seed = 0; seed < 150; seed++)
        {
            var random = new Random(seed);
            using var device = new Device();
            device.Install("");
            Change(device, random, 40);
            device.WriteListing();
            Dictionary<string, string> old = device.Describe();
            device.Boot(Device.A);
            Change(device, random, 20);
            device.ShutDown();
            Change(device, random, 20);
            device.WriteListing();
            Dictionary<string, string> now = device.Describe();
            HashSet<string> report = [.. device.Boot(Device.B).Split(", ", StringSplitOptions.RemoveEmptyEntries)];
            Dictionary<string, string> shown = device.Describe();

            static bool IsDirectory(string? entry) => entry?.StartsWith("directory", StringComparison.Ordinal) ?? false;
            foreach (string path in old.Keys.Union(now.Keys).Where(path => old.GetValueOrDefault(path) != now.GetValueOrDefault(path)))
            {
                string? before = old.GetValueOrDefault(path);
                string? after = now.GetValueOrDefault(path);
                string? seen = shown.GetValueOrDefault(path);
                string word = before is null ? "new" : after is null ? "removed" : "changed";
                bool isHidden = seen != after;
                // Where directories meet that were made apart from each other, nothing is hidden but perhaps a mode.
                if (IsDirectory(seen) ? isHidden && after is not null && (!IsDirectory(after) || IsDirectory(before)) : true)
                {
                    Assert.True(isHidden == report.Contains($"{word} {path}"), $"seed {seed}: {word} {path}: {before} | {after} | {seen}; {string.Join(", ", report)}");
                }
            }

            Assert.All(report, entry => Assert.NotEqual(old.GetValueOrDefault(entry.Split(' ')[1]), now.GetValueOrDefault(entry.Split(' ')[1])));
            reported += report.Count;
        }

        Assert.True(reported > 200, $"{reported} entries only");
    }

    [FactWithOverlay]
    public void A_new_layer_has_owner_and_mode_of_its_directory_and_is_closed_to_others()
    {
        using var device = new Device();
        device.Install("a=1");
        Tools.Run("chown", "7:8", device.Etc);
        Tools.Run("chmod", "1750", device.Etc);
        device.Boot(Device.A);
        string home = device.Home;
        Assert.Equal(
            "700 0:0 directory, 700 0:0 directory, 700 0:0 directory, 1750 7:8 directory, 700 0:0 directory, 600 0:0 regular file",
            Tools.Run("stat", "-c", "%a %u:%g %F", $"{home}/../..", $"{home}/..", home, $"{home}/upper", $"{home}/work", $"{home}/baseline").Trim().Replace("\n", ", "));
        Assert.Equal("1750 7:8", Tools.Run("stat", "-c", "%a %u:%g", device.Etc).Trim());
        Assert.StartsWith($"{Device.A}\n", File.ReadAllText(home + "/baseline"), StringComparison.Ordinal);
        device.ShutDown();
        Tools.Run("chmod", "755", device.Etc);
        device.Boot(Device.A);
        Assert.Equal("1750", Tools.Run("stat", "-c", "%a", device.Etc).Trim());
    }

    [FactWithOverlay]
    public void A_layer_that_was_cut_while_it_was_made_is_made_anew()
    {
        using var device = new Device();
        device.Install("a=1");
        Directory.CreateDirectory(device.Home + "/.new-upper/left/over");
        Directory.CreateDirectory(device.Home + "/work");
        File.WriteAllText(device.Home + "/baseline", "cut");
        File.WriteAllText(device.Home + "/drift", $"{Device.A}\nnew - a\n");
        Assert.Equal("", device.Boot(Device.A));
        Assert.Equal(["baseline", "upper", "work"], Directory.GetFileSystemEntries(device.Home).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.Equal(["a"], device.Describe().Keys);
    }

    [FactWithOverlay]
    public void A_comparison_that_was_cut_before_the_new_listing_was_kept_is_made_again()
    {
        using var device = new Device();
        device.Install("a=1 b=1");
        device.Boot(Device.A);
        File.WriteAllText(device["a"], "mine");
        File.WriteAllText(device["b"], "mine");
        device.Install("a=2 b=1");
        Assert.Equal("changed a", device.Boot(Device.B));
        string baseline = File.ReadAllText(device.Home + "/baseline");

        device.Install("a=1 b=3");
        Assert.Equal("changed b", device.Boot(Device.C));
        device.ShutDown();
        File.WriteAllText(device.Home + "/baseline", baseline);
        Assert.Equal("changed b", device.Boot(Device.C));

        // The image before boots instead.
        device.ShutDown();
        File.WriteAllText(device.Home + "/baseline", baseline);
        device.Install("a=2 b=1");
        Assert.Equal("changed a", device.Boot(Device.B));
        Assert.Equal("changed a", device.Boot(Device.B));
    }

    [TheoryWithOverlay]
    [InlineData("baseline", "printf damaged >")]
    [InlineData("baseline", "rm")]
    [InlineData("baseline", "ln -sf /dev/zero")]
    [InlineData("baseline", "truncate -s 1G")]
    [InlineData("baseline", "f() { rm \"$1\"; mkfifo \"$1\"; }; f")]
    [InlineData("drift", "printf damaged >")]
    [InlineData("drift", "f() { rm \"$1\"; mkfifo \"$1\"; }; f")]
    [InlineData("drift", "truncate -s 1G")]
    public void Damaged_files_beside_a_layer_cost_its_report_but_no_boot(string file, string damage)
    {
        using var device = new Device();
        device.Install("a=1");
        device.Boot(Device.A);
        File.WriteAllText(device["a"], "mine");
        device.Install("a=2");
        Assert.Equal("changed a", device.Boot(Device.B));
        device.ShutDown();
        Tools.Run("bash", "-euc", $"{damage} \"$0\"", $"{device.Home}/{file}");
        Assert.Equal(file == "baseline" ? "changed a" : "", device.Boot(Device.B));
        Assert.Equal("mine", File.ReadAllText(device["a"]));
        device.Install("a=3");
        Assert.Equal("changed a", device.Boot(Device.C));
    }

    [TheoryWithOverlay]
    [InlineData(".initruntime")]
    [InlineData(".initruntime/overlay")]
    [InlineData(".initruntime/overlay/etc")]
    [InlineData(".initruntime/overlay/etc/upper")]
    [InlineData(".initruntime/overlay/etc/work")]
    public void A_link_in_the_place_of_a_layer_is_refused(string name)
    {
        using var device = new Device();
        device.Install("a=1");
        device.Boot(Device.A);
        device.ShutDown();
        string path = $"{device.Root}/var/{name}";
        Directory.Move(path, device.Root + "/var/moved");
        File.CreateSymbolicLink(path, device.Root + "/var/moved");
        BootException error = Assert.Throws<BootException>(() => device.Boot(Device.A));
        Assert.Equal($"overlay /etc: {path} is no directory", error.Message);
    }

    [FactWithOverlay]
    public void A_directory_that_the_root_does_not_have_is_told()
    {
        using var device = new Device();
        Directory.Delete(device.Etc);
        Assert.Equal("overlay /etc: no such directory in the root", Assert.Throws<BootException>(() => device.Boot(Device.A)).Message);
    }

    [TheoryWithOverlay]
    [InlineData("/opt/a-b")]
    [InlineData("/opt/a b,c:d\\e")]
    [InlineData("/\u0151")]
    public void Any_directory_can_have_a_kept_layer(string path)
    {
        using var device = new Device(path);
        device.Install("a=1");
        device.Boot(Device.A);
        File.WriteAllText(device["a"], "mine");
        device.Install("a=2");
        Assert.Equal("changed a", device.Boot(Device.B));
        Assert.Equal("mine", File.ReadAllText(device["a"]));
    }

    [FactWithOverlay]
    public void An_overlay_without_a_listing_is_kept_without_a_report()
    {
        using var device = new Device();
        device.Install("a=1");
        Directory.Delete(device.Root + "/usr", recursive: true);
        device.Boot(Device.A);
        File.WriteAllText(device["a"], "mine");
        Assert.Equal("", device.Boot(Device.B));
        Assert.Equal("mine", File.ReadAllText(device["a"]));
        Assert.False(File.Exists(device.Home + "/baseline"));
    }

    /// <summary>Random work on few names, so that things meet.</summary>
    private static void Change(Device device, Random random, int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            string path = device[string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => $"{(char)('a' + random.Next(4))}"))];
            string parent = Path.GetDirectoryName(path)!;
            bool isDirectory = Directory.Exists(path) && new FileInfo(path).LinkTarget is null;
            if (!Directory.Exists(parent) || IsLinked(device, parent))
            {
                continue;
            }

            switch (random.Next(7))
            {
                case 0 or 1 or 2 when !isDirectory:
                    File.Delete(path);
                    File.WriteAllText(path, $"{random.Next()}");
                    break;
                case 3 when !isDirectory:
                    File.Delete(path);
                    File.CreateSymbolicLink(path, $"{random.Next()}");
                    break;
                case 3 or 4 when !Path.Exists(path) && new FileInfo(path).LinkTarget is null:
                    Directory.CreateDirectory(path);
                    break;
                case 5 when isDirectory:
                    Directory.Delete(path, recursive: true);
                    break;
                case 5:
                    File.Delete(path);
                    break;
                case 6 when isDirectory || (File.Exists(path) && new FileInfo(path).LinkTarget is null):
                    File.SetUnixFileMode(path, isDirectory ? (UnixFileMode)(random.Next(2) == 0 ? 0x1ed : 0x1c0) : (UnixFileMode)(0x180 + random.Next(0x40)));
                    break;
            }
        }
    }

    private static bool IsLinked(Device device, string directory)
    {
        for (; directory != device.Etc; directory = Path.GetDirectoryName(directory)!)
        {
            if (new FileInfo(directory).LinkTarget is not null)
            {
                return true;
            }
        }

        return false;
    }
}
