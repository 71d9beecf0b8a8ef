using System.IO;
using System.Linq;
using InitRuntime.Formats;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.FactoryReset;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.FactoryReset;

public sealed class LoaderResetRequestTests
{
    [Theory]
    [InlineData("all", "all volumes")]
    [InlineData("overlays", "all overlays")]
    [InlineData("var", "volumes var")]
    [InlineData("var home", "volumes var, home")]
    [InlineData(" var,home, data ", "volumes var, home, data")]
    public void What_bg_setenv_writes_is_understood(string value, string words)
    {
        using var directory = new TemporaryDirectory();
        Tools.Run("bg_setenv", $"--filepath={directory["BGENV.DAT"]}", $"--uservar=reset={value}");
        Assert.True(BootGuardEnvironment.TryParse(File.ReadAllBytes(directory["BGENV.DAT"]), out BootGuardEnvironment? environment, out _));
        Assert.True(LoaderResetRequest.TryParse(Assert.Single(environment.UserVariables), "here", out ResetRequest? request, out ParseError error), error.Message);
        Assert.Equal((words, "here"), (request!.ToString(), request.Source));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" , ")]
    public void An_empty_value_asks_for_nothing(string value)
    {
        Assert.True(LoaderResetRequest.TryParse(BootGuardVariable.OfText("reset", value), "", out ResetRequest? request, out _));
        Assert.Null(request);
    }

    [Theory]
    [InlineData("ALL", "\"ALL\" is no name of a volume")]
    [InlineData("all var", "\"all\" among other names")]
    [InlineData("var,overlays", "\"overlays\" among other names")]
    [InlineData("/etc", "\"/etc\" is no name of a volume")]
    [InlineData("var\n<3>forged", "\"var\\u000a<3>forged\" is no name of a volume")]
    public void What_cannot_be_understood_asks_for_nothing(string value, string expected)
    {
        Assert.False(LoaderResetRequest.TryParse(BootGuardVariable.OfText("reset", value), "", out ResetRequest? request, out ParseError error));
        Assert.Equal((null, expected), (request, error.Message));
    }

    [Fact]
    public void Other_types_and_too_many_names_are_refused()
    {
        Assert.False(LoaderResetRequest.TryParse(new BootGuardVariable("reset", BootGuardVariable.BooleanType, [1]), "", out _, out ParseError error));
        Assert.Equal("of type 64, wanted text", error.Message);
        string many = string.Join(' ', Enumerable.Repeat("v", 65));
        Assert.False(LoaderResetRequest.TryParse(BootGuardVariable.OfText("reset", many), "", out _, out error));
        Assert.Equal("more than 64 names", error.Message);
    }

    [Fact]
    public void Hostile_bytes_are_answered() => Hostile.EveryPrefixAndEveryDamagedByte(
        "var,home\0"u8, bytes => LoaderResetRequest.TryParse(new BootGuardVariable("reset", BootGuardVariable.TextType, bytes.ToArray()), "", out _, out _));
}
