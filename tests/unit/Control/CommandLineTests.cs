using System;
using System.IO;
using InitRuntime.Control.Cli;
using Xunit;

namespace InitRuntime.Unit.Control;

public class CommandLineTests
{
    [Theory]
    [InlineData("status")]
    [InlineData("drift --json")]
    public void A_system_that_another_init_started_has_nothing_to_tell(string arguments)
    {
        (int code, string output, string errors) = Run(arguments);
        Assert.Equal((CommandLine.Failed, ""), (code, output));
        Assert.Equal(
            "error: /run/initruntime/boot.json is not there\nhint: only a system that was started by the /init of InitRuntime has it\n", errors);
    }

    [Theory]
    [InlineData("", "Required command was not provided.")]
    [InlineData("bogus", "'bogus'")]
    [InlineData("status --jsn", "'--jsn'")]
    [InlineData("reset --volume", "--volume")]
    [InlineData("reset --cancel --yes", "--cancel stands alone")]
    [InlineData("snapshots one two", "'two'")]
    [InlineData("reset var", "'var'")]
    public void Wrong_usage_is_told_with_a_hint(string arguments, string problem)
    {
        (int code, string output, string errors) = Run(arguments);
        Assert.Equal((CommandLine.Misused, ""), (code, output));
        Assert.Contains(problem, errors, StringComparison.Ordinal);
        Assert.Contains("\nhint: ", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", "status")]
    [InlineData("status --help", "--json")]
    [InlineData("drift --help", "--json")]
    [InlineData("snapshots --help", "VOLUME")]
    [InlineData("reset --help", "--cancel")]
    public void Every_command_has_help_within_80_columns(string arguments, string words)
    {
        (int code, string output, string errors) = Run(arguments);
        Assert.Equal((CommandLine.Done, ""), (code, errors));
        Assert.Contains(words, output, StringComparison.Ordinal);
        Assert.All(output.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
    }

    private static (int Code, string Output, string Errors) Run(string arguments)
    {
        var output = new StringWriter();
        var errors = new StringWriter();
        int code = CommandLine.Run(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
