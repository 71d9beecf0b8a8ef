using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.FactoryReset;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.FactoryReset;

public sealed class ResetRequestTests
{
    [Theory]
    [InlineData("""{"scope":"volumes"}""", "all volumes")]
    [InlineData("""{"scope":"overlays"}""", "all overlays")]
    [InlineData("""{"scope":"volumes","names":["var","home"]}""", "volumes var, home")]
    [InlineData("""{"scope":"overlays","names":["/etc"]}""", "overlays /etc")]
    public void What_is_written_is_read_back(string json, string words)
    {
        ResetRequest request = Parsed(json);
        Assert.Equal(words, request.ToString());
        Assert.Equal("EFI variable InitRuntimeReset", request.Source);
        Assert.Equal(json, Encoding.UTF8.GetString(ResetRequestJson.Write(request)));
    }

    [Theory]
    [InlineData("", "not valid: The input does not contain any JSON tokens.")]
    [InlineData("1", "not valid: wanted an object")]
    [InlineData("{}", "not valid: scope is missing")]
    [InlineData("""{"scope":"all"}""", "not valid: scope \"all\", wanted volumes or overlays")]
    [InlineData("""{"scope":"volumes","names":[]}""", "not valid: names is empty: leave it out for all")]
    [InlineData("""{"scope":"volumes","names":["Var"]}""", "not valid: \"Var\" is no name of a volume")]
    [InlineData("""{"scope":"volumes","names":["/etc"]}""", "not valid: \"/etc\" is no name of a volume")]
    [InlineData("""{"scope":"overlays","names":["etc"]}""", "not valid: \"etc\" is no path of an overlay")]
    [InlineData("""{"scope":"overlays","names":["/a\n<3>forged"]}""", "not valid: \"/a\\u000a<3>forged\" is no path of an overlay")]
    [InlineData("""{"scope":"volumes","force":true}""", "not valid: force: not known")]
    [InlineData("""{"scope":"volumes"} {}""", "not valid: '{' is invalid after a single JSON value. Expected end of data.")]
    public void What_cannot_be_understood_asks_for_nothing(string json, string expected)
    {
        Assert.False(ResetRequestJson.TryParse(Encoding.UTF8.GetBytes(json), out ResetRequest value, out ParseError error));
        Assert.Null(value);
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hostile_variable_is_answered() => Hostile.EveryPrefixAndEveryDamagedByte(
        """{"scope":"overlays","names":["/etc","/opt"]}"""u8, bytes => ResetRequestJson.TryParse(bytes, out _, out _));

    [Fact]
    public void A_variable_has_a_longest_length_and_a_highest_number_of_names()
    {
        string[] long32 = [.. Enumerable.Range(0, 40).Select(i => $"volume-with-a-name-of-many-letters-{i % 10}")];
        Assert.Throws<ArgumentException>(() => ResetRequestJson.Write(new ResetRequest { Volumes = long32, Source = "" }));
        Assert.False(ResetRequestJson.TryParse(new byte[1025], out _, out ParseError error));
        Assert.Equal("longer than 1024 bytes", error.Message);
        string many = $$"""{"scope":"volumes","names":[{{string.Join(',', Enumerable.Repeat("\"v\"", 65))}}]}""";
        Assert.False(ResetRequestJson.TryParse(Encoding.UTF8.GetBytes(many), out _, out error));
        Assert.Equal("not valid: names[]: more than 64 items", error.Message);
    }

    [Fact]
    public void One_variable_asks_for_one_thing()
    {
        ResetRequest nothing = new() { Source = "" };
        foreach (ResetRequest request in (ResetRequest[])[nothing, nothing with { AllVolumes = true, AllOverlays = true }, nothing with { AllVolumes = true, Volumes = ["var"] }])
        {
            Assert.Throws<ArgumentException>(() => ResetRequestJson.Write(request));
        }
    }

    [Fact]
    public void Requests_add_up()
    {
        ResetRequest all = Parsed("""{"scope":"volumes"}""").And(Parsed("""{"scope":"volumes","names":["var"]}""") with { Source = "b" })
            .And(Parsed("""{"scope":"overlays","names":["/etc"]}""") with { Source = "c" })
            .And(Parsed("""{"scope":"volumes","names":["var","home"]}""") with { Source = "d" });
        Assert.Equal("all volumes; volumes var, home; overlays /etc", all.ToString());
        Assert.Equal("EFI variable InitRuntimeReset, b, c, d", all.Source);
    }

    [Fact]
    public void All_volumes_are_those_that_the_manifest_gives_and_a_name_is_that_volume()
    {
        VolumeSettings data = Volume("data");
        VolumeSettings kept = Volume("kept") with { FactoryReset = false };
        ResetRequest all = Parsed("""{"scope":"volumes"}""");
        Assert.Equal((true, false), (all.Takes(data), all.Takes(kept)));
        ResetRequest named = Parsed("""{"scope":"volumes","names":["kept"]}""");
        Assert.Equal((false, true), (named.Takes(data), named.Takes(kept)));
        ResetRequest overlays = Parsed("""{"scope":"overlays"}""");
        Assert.Equal((false, true), (overlays.Takes(data), overlays.Takes(Overlay("/etc"))));
        ResetRequest one = Parsed("""{"scope":"overlays","names":["/etc"]}""");
        Assert.Equal((true, false), (one.Takes(Overlay("/etc")), one.Takes(Overlay("/opt"))));
    }

    [Fact]
    public void What_the_image_does_not_have_is_left_out_and_named()
    {
        BootConfiguration settings = Settings([Volume("data")], [Overlay("/etc")]);
        ResetRequest known = Parsed("""{"scope":"volumes","names":["dta","data"]}""").Known(settings, out IReadOnlyList<string> unknown);
        Assert.Equal(("volumes data", "dta"), (known.ToString(), Assert.Single(unknown)));

        // Of a request for one thing that is not there, nothing is left; it does not become one for all.
        known = Parsed("""{"scope":"volumes","names":["dta"]}""").Known(settings, out _);
        Assert.True(known.IsEmpty && !known.Takes(settings.Volumes[0]) && !known.Takes(settings.Overlays[0]));
        known = Parsed("""{"scope":"overlays","names":["/opt","/etc"]}""").Known(settings, out unknown);
        Assert.Equal(("overlays /etc", "/opt"), (known.ToString(), Assert.Single(unknown)));
        Assert.False(Parsed("""{"scope":"overlays"}""").Known(settings, out unknown).IsEmpty);
        Assert.Empty(unknown);
    }

    internal static VolumeSettings Volume(string name) => new()
    {
        Name = name,
        MountPoint = "/" + name,
        FileSystem = "ext4",
        Encryption = VolumeEncryption.Format,
    };

    internal static OverlaySettings Overlay(string path) => new() { Path = path, Upper = OverlayUpper.Memory };

    internal static BootConfiguration Settings(IReadOnlyList<VolumeSettings> volumes, IReadOnlyList<OverlaySettings> overlays) => new()
    {
        FormatVersion = 1,
        ImageUuid = new Guid("7c1e2f30-0a1b-4c2d-8e3f-405162738495"),
        ImageName = "demo",
        ImageVersion = "1",
        Root = new RootSettings
        {
            FileSystem = "erofs",
            SlotLabels = ["root-a"],
            Verity = new VeritySettings
            {
                Algorithm = "sha256",
                RootHash = new string('0', 64),
                Salt = "",
                DataBlockSize = 4096,
                HashBlockSize = 4096,
                DataBlocks = 1,
                HashOffset = 4096,
                OnCorruption = CorruptionPolicy.Panic,
            },
        },
        Modules = [],
        Overlays = overlays,
        Volumes = volumes,
        Failure = new FailureSettings { Action = FailureAction.Reboot, LongestDelaySeconds = 60 },
        DeviceTimeoutSeconds = 30,
        Init = "/sbin/init",
        DebugShell = false,
    };

    private static ResetRequest Parsed(string json)
    {
        Assert.True(ResetRequestJson.TryParse(Encoding.UTF8.GetBytes(json), out ResetRequest request, out ParseError error), error.Message);
        return request;
    }
}
