using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.FactoryReset;
using InitRuntime.Linux;
using InitRuntime.Stages;
using InitRuntime.Storage.BootGuard;
using InitRuntime.Storage.Devices;
using InitRuntime.Unit.Formats.FactoryReset;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Stages;

public sealed class ResetRequestsTests : IDisposable
{
    private static readonly Guid _thisBoot = new("11111111-2222-3333-4444-555555555555");

    private static readonly BootConfiguration _settings = ResetRequestTests.Settings(
        [ResetRequestTests.Volume("var"), ResetRequestTests.Volume("home")], [ResetRequestTests.Overlay("/etc")]);

    private readonly TemporaryDirectory _directory = new();
    private readonly Kmsg _log;

    public ResetRequestsTests()
    {
        File.WriteAllText(_directory["log"], "");
        _log = Kmsg.Open(_directory["log"]);
    }

    private string Log => File.ReadAllText(_directory["log"]);

    public void Dispose()
    {
        _log.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void A_request_of_systemd_counts_for_the_same_system_in_a_later_boot()
    {
        ResetRequests.Asked asked = Systemd("debian", "demo", Guid.NewGuid())!;
        Assert.Equal(("all volumes", null), (asked.Request!.ToString(), asked.Problem));
        Assert.Equal("", Log);
    }

    [Fact]
    public void A_request_of_another_system_or_for_the_next_boot_is_left_alone()
    {
        Assert.Null(Systemd("debian", "other", Guid.NewGuid()));
        Assert.Null(Systemd("rescue\n<3>forged", null, Guid.NewGuid()));
        Assert.Null(Systemd("debian", "demo", _thisBoot));
        Assert.Equal(
            "<4>initruntime: factory reset: EFI variable FactoryResetRequest is of another system (ID debian, IMAGE_ID other), and left alone\n"
                + "<4>initruntime: factory reset: EFI variable FactoryResetRequest is of another system (ID rescue <3>forged, IMAGE_ID none), and left alone\n"
                + "<4>initruntime: factory reset: EFI variable FactoryResetRequest is for the next boot, and left alone\n",
            Log);
    }

    [Fact]
    public void A_boot_that_does_not_know_which_one_it_is_follows_no_request() =>
        Assert.Null(ResetRequests.OfSystemd(SystemdBytes("debian", "demo", _thisBoot), ("debian", "demo", null), _log));

    [Fact]
    public void All_sources_add_up_and_each_that_asked_is_removed_once_at_the_end()
    {
        var removed = new List<string>();
        ResetRequests.Asked Asked(string source, string json)
        {
            ResetRequests.Asked asked = ResetRequests.OfOurs(Encoding.UTF8.GetBytes(json));
            return asked with { Source = source, Request = asked.Request is { } request ? request with { Source = source } : null, Remove = () => removed.Add(source) };
        }

        var requests = new ResetRequests(
            _settings,
            [
                Asked("one", """{"scope":"volumes","names":["var","typo"]}"""),
                Asked("two", """{"scope":"overlays"}"""),
                Asked("three", "rubbish"),
                Asked("four", """{"scope":"volumes","names":["typo"]}"""),
            ],
            _log);

        Assert.Equal(("volumes var; all overlays", "one, two"), (requests.Request!.ToString(), requests.Request.Source));
        Assert.Equal(
            [
                "<4>initruntime: factory reset: one asks for what this image does not have: typo",
                "<4>initruntime: factory reset: three asks for nothing that is known: not valid: 'r' is an invalid start of a value. LineNumber: 0 | BytePositionInLine: 0.",
                "<4>initruntime: factory reset: four asks for what this image does not have: typo",
                "<4>initruntime: factory reset: volumes var; all overlays; asked for by one, two",
            ],
            Log.TrimEnd().Split('\n'));
        Assert.Empty(removed);
        requests.Clear();
        Assert.Equal(["one", "two", "three", "four"], removed);
    }

    [Fact]
    public void Nothing_that_is_known_is_no_request()
    {
        Assert.Null(new ResetRequests(_settings, [], _log).Request);
        Assert.Equal("", Log);
        Assert.Null(new ResetRequests(_settings, [ResetRequests.OfOurs("""{"scope":"volumes","names":["typo"]}"""u8.ToArray())], _log).Request);
        Assert.Null(new ResetRequests(_settings, [ResetRequests.OfOurs([])], _log).Request);
    }

    [Fact]
    public void What_cannot_be_removed_is_said_and_the_others_are_removed()
    {
        int removed = 0;
        var request = new ResetRequest { AllVolumes = true, Source = "one" };
        var requests = new ResetRequests(
            _settings,
            [
                new("one", request, null, () => throw new SyscallException("unlink", "/variable", Errno.EROFS)),
                new("two", request, null, () => removed++),
            ],
            _log);
        requests.Clear();
        Assert.Equal(1, removed);
        Assert.Matches("<3>initruntime: factory reset: one could not be removed: .*EROFS.*; the next boot resets again\n$", Log);
    }

    [Fact]
    public void The_loaders_variable_is_read_in_each_environment_and_withdrawn_there()
    {
        string image = Partition("one", "--uservar=other=1", "--uservar=reset=var home");
        string second = Partition("two", "--uservar=reset=/etc");
        string third = Partition("three", "--uservar=other=all");
        LoaderEnvironment[] environments = [.. new[] { image, second, third }.Select(Environment)];

        ResetRequests.Asked[] asked = [.. ResetRequests.OfLoader(environments, "reset")];
        Assert.Equal(
            [("loader variable reset on one", "volumes var, home", null), ("loader variable reset on two", "", "\"/etc\" is no name of a volume")],
            asked.Select(one => (one.Source, one.Request?.ToString() ?? "", one.Problem)));
        var requests = new ResetRequests(_settings, asked, _log);
        Assert.Equal("volumes var, home", requests.Request!.ToString());
        requests.Clear();
        Assert.Empty(ResetRequests.OfLoader([.. new[] { image, second, third }.Select(Environment)], "reset"));
        Assert.Equal("1", Environment(image).Value.UserVariables[0].Text);
    }

    private ResetRequests.Asked? Systemd(string id, string? imageId, Guid boot) =>
        ResetRequests.OfSystemd(SystemdBytes(id, imageId, boot), ("debian", "demo", _thisBoot), _log);

    private static byte[] SystemdBytes(string id, string? imageId, Guid boot)
    {
        string image = imageId is null ? "" : $"\"osReleaseImageId\":\"{imageId}\",";
        return SystemdResetRequestTests.Utf16($$"""{"osReleaseId":"{{id.Replace("\n", "\\n", StringComparison.Ordinal)}}",{{image}}"bootId":"{{boot:N}}"}""");
    }

    private LoaderEnvironment Environment(string path)
    {
        Assert.True(LoaderEnvironments.TryRead(path, out BootGuardEnvironment? environment, out _));
        // A node's path begins with /dev; this one leads out of it again.
        return new(new BlockDevice(".." + path, "", 0), Path.GetFileName(path), environment);
    }

    private string Partition(string name, params string[] arguments)
    {
        string file = _directory["BGENV.DAT"];
        File.Delete(file);
        Tools.Run("bg_setenv", [$"--filepath={file}", .. arguments]);
        Tools.Run("mkfs.fat", "-C", _directory[name], "4096");
        Tools.Run("mcopy", "-i", _directory[name], file, "::BGENV.DAT");
        return _directory[name];
    }
}
