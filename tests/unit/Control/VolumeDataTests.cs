using System;
using System.Collections.Generic;
using System.Text.Json;
using InitRuntime.Control.Snapshots;
using Xunit;

namespace InitRuntime.Unit.Control;

public class VolumeDataTests
{
    private static readonly Guid _one = new("11112222-3333-4444-8555-666677778888");
    private static readonly Guid _two = new("7c1e2f30-0a1b-4c2d-8e3f-405162738495");
    private static readonly DateTimeOffset _time = new(2026, 11, 26, 8, 4, 42, TimeSpan.Zero);

    /// <summary>Each kind of volume.</summary>
    internal static readonly VolumeData[] Volumes =
    [
        new SubvolumeVolume("var", "/var")
        {
            Images =
            [
                new(_one, ImagePlace.OtherSlot, "root-b") { Created = _time, Generation = 12, Pending = true, Size = new(300UL << 20, 1536) },
                new(_two, ImagePlace.Running, "root-a") { Created = _time.AddDays(1), Generation = 40, Pending = false },
                new(Guid.Empty, ImagePlace.Orphan, null) { Created = _time, Generation = 3, Pending = false },
            ],
            Shared = ["/var/log"],
            Unfinished = ["@images/.tmp-x"],
            Problem = "sizes are left out: the image has no btrfs-progs",
        },
        new SnapshotDeviceVolume("data", "/data") { State = "trial", Owner = _one, Trial = _two, UsedBytes = 5UL << 20, TotalBytes = 64UL << 20 },
        new SnapshotDeviceVolume("old", "/old") { Problem = "Invalid" },
        new SharedVolume("home", "/home"),
    ];

    [Fact]
    public void The_page_tells_each_kind_of_volume_within_80_columns() => Assert.Equal(
        """
        volume var on /var: a subvolume for each image (btrfs)
          image         11112222-3333-4444-8555-666677778888, in root-b
                        made 2026-11-26 08:04 UTC, generation 12, clean-up pending
                        300 MiB, 1.5 KiB of it its own
          image         7c1e2f30-0a1b-4c2d-8e3f-405162738495, this image
                        made 2026-11-27 08:04 UTC, generation 40
          image         00000000-0000-0000-0000-000000000000, in no slot: it goes once
                        this image is confirmed
                        made 2026-11-26 08:04 UTC, generation 3
          shared        /var/log
          unfinished    @images/.tmp-x
          note          sizes are left out: the image has no btrfs-progs

        volume data on /data: a snapshot for the image on trial (dm-snapshot)
          state         trial
          data of       11112222-3333-4444-8555-666677778888
          on trial      7c1e2f30-0a1b-4c2d-8e3f-405162738495
          area          5.0 MiB of 64 MiB used

        volume old on /old: a snapshot for the image on trial (dm-snapshot)
          state         no record
          note          Invalid

        volume home on /home: the same data for all images (shared)

        """,
        Pages.Text(page => VolumeDataText.Write(page, Volumes)));

    [Fact]
    public void The_JSON_says_the_same_with_stable_names()
    {
        JsonElement volumes = Pages.Json(json => VolumeDataJson.Write(json, Volumes)).GetProperty("volumes");
        Assert.Equal(
            """{"image":"11112222-3333-4444-8555-666677778888","place":"other-slot","slot":"root-b","created":"2026-11-26T08:04:42Z","generation":12,"pending":true,"total_bytes":314572800,"exclusive_bytes":1536}""",
            volumes[0].GetProperty("images")[0].GetRawText());
        Assert.Equal("""["/var/log"]""", volumes[0].GetProperty("shared").GetRawText());
        Assert.Equal(
            """{"name":"data","mount_point":"/data","provider":"dm-snapshot","state":"trial","owner":"11112222-3333-4444-8555-666677778888","trial":"7c1e2f30-0a1b-4c2d-8e3f-405162738495","used_bytes":5242880,"total_bytes":67108864}""",
            volumes[1].GetRawText());
        Assert.Equal("""{"name":"old","mount_point":"/old","provider":"dm-snapshot","state":"none","problem":"Invalid"}""", volumes[2].GetRawText());
        Assert.Equal("""{"name":"home","mount_point":"/home","provider":"shared"}""", volumes[3].GetRawText());
    }

    [Fact]
    public void An_image_without_volumes_says_so() => Assert.Equal("This image has no volumes.\n", Pages.Text(page => VolumeDataText.Write(page, [])));

    [Fact]
    public void The_sizes_of_btrfs_progs_are_read_past_its_heading_and_complaints()
    {
        IReadOnlyDictionary<string, SubvolumeSize> sizes = SubvolumeSizes.Parse(
        [
            "     Total   Exclusive  Set shared  Filename",
            "  67108864     1048576    66060288  /run/view/@images/with a space",
            "WARNING: cannot open x",
            "         -           -           -  /run/view/@images/none",
            "18446744073709551615 0 0 /x",
        ]);
        Assert.Equal(2, sizes.Count);
        Assert.Equal(new SubvolumeSize(67108864, 1048576), sizes["/run/view/@images/with a space"]);
        Assert.Equal(ulong.MaxValue, sizes["/x"].Total);
    }
}
