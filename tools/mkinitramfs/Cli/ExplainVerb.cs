using System.CommandLine;
using System.IO;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Cli;

/// <summary><c>initruntime explain MANIFEST</c>.</summary>
internal static class ExplainVerb
{
    internal static Command Make()
    {
        Argument<string?> file = new("MANIFEST") { Description = "The manifest of the image.", Arity = ArgumentArity.ZeroOrOne };
        var json = new Option<bool>("--json") { Description = "Write JSON, for programs." };
        var reference = new Option<bool>("--reference") { Description = "Write the manual of all keys instead: docs/manifest.md." };
        var verb = new Command("explain", "Shows what every key of a manifest became, and the line or default it comes from.") { file, json, reference };
        verb.Validators.Add(result =>
        {
            if (result.GetValue(file) is null != result.GetValue(reference))
            {
                result.AddError(result.GetValue(reference) ? "--reference takes no MANIFEST" : "Required argument missing for command: 'explain'.");
            }
        });
        verb.SetAction(parsed => Run(
            parsed.GetValue(file), parsed.GetValue(json), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return verb;
    }

    private static int Run(string? file, bool json, TextWriter output, TextWriter errors)
    {
        if (file is null)
        {
            ManifestReference.Write(output);
            return CommandLine.Done;
        }

        if (ManifestArgument.Read(file, errors) is not { } reading)
        {
            return CommandLine.Misused;
        }

        if (json)
        {
            Explanation.WriteJson(reading, output);
        }
        else
        {
            Explanation.WriteText(reading, output);
        }

        return CommandLine.Done;
    }
}
