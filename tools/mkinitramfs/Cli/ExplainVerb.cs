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
        var schema = new Option<bool>("--schema") { Description = "Write the JSON Schema of manifests instead, for editors: docs/manifest.schema.json." };
        var verb = new Command("explain", "Shows what every key of a manifest became, and the line or default it comes from.") { file, json, reference, schema };
        verb.Validators.Add(result =>
        {
            bool isAboutAll = result.GetValue(reference) || result.GetValue(schema);
            if (result.GetValue(file) is null != isAboutAll)
            {
                result.AddError(
                    result.GetValue(reference) ? "--reference takes no MANIFEST"
                    : isAboutAll ? "--schema takes no MANIFEST"
                    : "Required argument missing for command: 'explain'.");
            }
        });
        verb.SetAction(parsed =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(file) is { } path)
            {
                return Run(path, parsed.GetValue(json), output, parsed.InvocationConfiguration.Error);
            }

            if (parsed.GetValue(schema))
            {
                ManifestSchema.Write(output);
            }
            else
            {
                ManifestReference.Write(output);
            }

            return CommandLine.Done;
        });
        return verb;
    }

    private static int Run(string file, bool json, TextWriter output, TextWriter errors)
    {
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
