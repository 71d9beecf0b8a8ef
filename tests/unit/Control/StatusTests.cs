using System;
using System.Linq;
using System.Text.Json;
using InitRuntime.Control.Status;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.FactoryReset;
using InitRuntime.Linux;
using InitRuntime.Storage.BootGuard;
using InitRuntime.Storage.Devices;
using InitRuntime.Unit.Formats.BootReport;
using Xunit;

namespace InitRuntime.Unit.Control;

public class StatusTests
{
    private static readonly FileSystemSpace _space = new(512UL << 20, 400UL << 20, 0x9123683e);

    /// <summary>With something to say for every row and member.</summary>
    internal static readonly DeviceStatus Whole = new()
    {
        Boot = BootReportTests.Whole,
        Loader = new([Environment("BOOT0", 3, UpdateState.Ok), Environment("BOOT1", 0, UpdateState.Failed)], []),
        Space = [new(true, _space, null), new(false, null, null)],
        Resets =
        [
            new("InitRuntimeReset", new ResetRequest { Volumes = ["var"], Source = "" }, null),
            new("FactoryResetRequest", null, "cut short"),
        ],
    };

    [Fact]
    public void The_page_says_everything_within_80_columns() => Assert.Equal(
        """
        demo 1.0
          image         7c1e2f30-0a1b-4c2d-8e3f-405162738495
          slot          root-a: /dev/vda4 of /dev/vda
          state         confirmed; on trial when it was booted
          loader        BOOT0: ok, revision 3
                        BOOT1: failed, revision 0
          boot time     1.2 s: kernel 1.2 s, /init 0.0 s
          failed stage  loader-state: no environment
          last reset    the watchdog restarted the machine before this boot
          not measured  there is no TPM
          drift         5 files hidden by older ones: initruntime-ctl drift
          reset         this boot made one: volume var, asked for by the EFI variable
                        FactoryResetRequest
          next boot     makes a factory reset of volumes var; initruntime-ctl reset
                        --cancel takes that back
          next boot     FactoryResetRequest asks for a factory reset that is not
                        understood: cut short

        volume var on /var
          device        /dev/vda6, encrypted, unlocked by tpm
          space         512 MiB, 400 MiB free
          first boot    this boot made it, or encrypted it
          made anew     factory reset
          data          this image's own; they began as a snapshot of those of image
                        11112222-3333-4444-8555-666677778888 (btrfs)
          pending       a boot of the confirmed image removes what images left that are
                        not installed any more

        volume plain on /srv
          device        /dev/vda7, not encrypted
          space         not mounted
          data          the same for all images

        update that failed
          image         11112222-3333-4444-8555-666677778888 in root-b: the loader
                        returned from it
          stage         health
          reason        initruntime-check-web.service failed

        last failed boot
          image         7c1e2f30-0a1b-4c2d-8e3f-405162738495 1.0 in root-b
          stage         verity-root
          reason        root hash differs
          device        /dev/vda5
          in a row      3 boots before this one

        """,
        Pages.Text(page => StatusText.Write(page, Whole)));

    [Fact]
    public void The_JSON_says_the_same_with_stable_names()
    {
        JsonElement json = Pages.Json(output => StatusJson.Write(output, Whole));
        Assert.Equal(
            """{"uuid":"7c1e2f30-0a1b-4c2d-8e3f-405162738495","name":"demo","version":"1.0","slot":"root-a","root_partition":"/dev/vda4","system_disk":"/dev/vda"}""",
            json.GetProperty("image").GetRawText());
        Assert.Equal("""{"at_boot":"on-trial","now":"confirmed"}""", json.GetProperty("trial").GetRawText());
        Assert.Equal(
            """{"environments":[{"partition":"BOOT0","kernel":"C:BOOT0:linux.efi","revision":3,"state":"ok","in_progress":false},{"partition":"BOOT1","kernel":"C:BOOT1:linux.efi","revision":0,"state":"failed","in_progress":false}],"update":"none","problems":[]}""",
            json.GetProperty("loader").GetRawText());
        Assert.Equal("""{"kernel":1200,"init":1.7,"total":1201.7}""", json.GetProperty("boot_milliseconds").GetRawText());
        Assert.Equal("""[{"name":"loader-state","failed":"no environment"}]""", json.GetProperty("failed_stages").GetRawText());
        Assert.Equal(
            """{"name":"var","mount_point":"/var","device":"/dev/vda6","encrypted":true,"unlocked_by":"tpm","first_boot":true,"recreated":"factory reset","mounted":true,"total_bytes":536870912,"free_bytes":419430400,"snapshot":{"provider":"btrfs","action":"taken","from":"11112222-3333-4444-8555-666677778888","pending":true,"milliseconds":12.5}}""",
            json.GetProperty("volumes")[0].GetRawText());
        Assert.Equal(
            """{"name":"plain","mount_point":"/srv","device":"/dev/vda7","encrypted":false,"first_boot":false,"mounted":false}""",
            json.GetProperty("volumes")[1].GetRawText());
        Assert.Equal(5, json.GetProperty("drift").GetInt32());
        Assert.Equal(3, json.GetProperty("last_failure").GetProperty("consecutive").GetInt32());
        Assert.Equal(
            ["image", "trial", "loader", "boot_milliseconds", "failed_stages", "not_measured", "volumes", "drift", "reset", "reset_requests", "last_reset", "fallback", "last_failure"],
            json.EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public void A_volume_that_does_not_answer_keeps_nobody_from_the_others()
    {
        VolumeSpace broken = VolumeSpace.Of("/nowhere");
        DeviceStatus status = Whole with { Space = [broken, Whole.Space[0]] };
        Assert.Contains("  space         open /nowhere: ENOENT (no such file or directory)\n", Pages.Text(page => StatusText.Write(page, status)), StringComparison.Ordinal);
        JsonElement volumes = Pages.Json(json => StatusJson.Write(json, status)).GetProperty("volumes");
        Assert.StartsWith("open /nowhere", volumes[0].GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.Equal(419430400, volumes[1].GetProperty("free_bytes").GetInt64());
    }

    [Fact]
    public void What_a_disk_or_a_variable_says_cannot_act_on_the_terminal()
    {
        FailureRecord hostile = BootReportTests.Whole.LastFailure! with { Reason = "\e]0;title\a\r\nroot:" };
        string text = Pages.Text(page => StatusText.Write(page, Whole with { Boot = Whole.Boot with { LastFailure = hostile } }));
        Assert.DoesNotContain(text, c => char.IsControl(c) && c != '\n');
        Assert.Contains("\\x1b]0;title\\x07\\x0d\\x0aroot:", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3 ok; 0 failed", "confirmed", "none")]
    [InlineData("3 testing; 2 ok", "on-trial", "none")]
    [InlineData("3 ok; 4 installed", "confirmed", "installed")]
    [InlineData("3 testing; 4 installed", "on-trial", "installed")]
    [InlineData("3 ok; 4 ok writing", "confirmed", "writing")]
    [InlineData("3 ok; 4 installed writing", "confirmed", "writing")]
    [InlineData("3 unknown", "unknown", "none")]
    [InlineData("3 failed", "unknown", "none")]
    [InlineData("5 installed", "unknown", "installed")]
    [InlineData("", "unknown", "none")]
    public void The_state_is_that_of_the_image_which_the_loader_has_started(string environments, string now, string update)
    {
        var loader = new LoaderView([.. environments.Split("; ", StringSplitOptions.RemoveEmptyEntries).Select(Parse)], []);
        Assert.Equal((now, update), (LoaderView.Name(loader.Now), LoaderView.Name(loader.Update)));
        Assert.Equal(TrialState.Unknown, (loader with { Problems = ["BGENV.DAT on BOOT1: CRC"] }).Now);
    }

    [Theory]
    [InlineData(true, UpdateState.Testing, "on trial: unless confirmed, the other slot is booted next")]
    [InlineData(false, UpdateState.Ok, "confirmed")]
    [InlineData(null, UpdateState.Ok, "confirmed; not known when it was booted")]
    [InlineData(true, UpdateState.Unknown, "not known; on trial when it was booted")]
    public void A_state_that_changed_since_the_boot_is_told(bool? onTrial, UpdateState state, string words)
    {
        DeviceStatus status = Whole with
        {
            Boot = Whole.Boot with { OnTrial = onTrial },
            Loader = new LoaderView([Environment("BOOT0", 1, state)], []),
        };
        Assert.Contains($"  state         {words}\n", Pages.Text(page => StatusText.Write(page, status)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("found", "this image's own (btrfs)")]
    [InlineData("seeded", "they began as what the image brings (btrfs)")]
    [InlineData("adopted", "they began as what was there before")]
    [InlineData("merged", "what it wrote on trial was made lasting")]
    [InlineData("dropped", "wrote on trial was given up")]
    [InlineData("another", "another (btrfs)")]
    public void Every_way_to_come_to_data_has_words(string action, string words)
    {
        VolumeReport volume = BootReportTests.Whole.Volumes[0];
        DeviceStatus status = Whole with { Boot = Whole.Boot with { Volumes = [volume with { Snapshot = volume.Snapshot! with { Action = action } }] } };
        string text = Pages.Text(page => StatusText.Write(page, status));
        Assert.Contains(words, string.Join(' ', text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    private static LoaderEnvironment Environment(string label, uint revision, UpdateState state, bool inProgress = false) => new(
        new BlockDevice("vda2", "/sys/devices/vda/vda2", 2),
        label,
        new BootGuardEnvironment
        {
            KernelFile = $"C:{label}:linux.efi",
            KernelParameters = "",
            InProgress = inProgress,
            UpdateState = state,
            WatchdogTimeoutSeconds = 0,
            Revision = revision,
        });

    private static LoaderEnvironment Parse(string text)
    {
        string[] words = text.Split(' ');
        return Environment("BOOT0", uint.Parse(words[0]), Enum.Parse<UpdateState>(words[1], ignoreCase: true), words.Contains("writing"));
    }
}
