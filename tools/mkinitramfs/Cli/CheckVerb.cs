using System.CommandLine;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Cli;

/// <summary><c>initruntime check MANIFEST</c>.</summary>
internal static class CheckVerb
{
    internal static Command Make()
    {
        Argument<string> file = ManifestArgument.Make();
        var verb = new Command("check", "Tells all that is wrong with a manifest. Writes nothing.") { file };
        verb.SetAction(parsed =>
        {
            if (ManifestArgument.Read(parsed.GetRequiredValue(file), parsed.InvocationConfiguration.Error) is not { Manifest: { } manifest })
            {
                return CommandLine.Misused;
            }

            foreach (string warning in ManifestWarnings.Of(manifest))
            {
                parsed.InvocationConfiguration.Output.WriteLine($"warning: {warning}");
            }

            parsed.InvocationConfiguration.Output.WriteLine($"{parsed.GetRequiredValue(file)}: {manifest.Image.Name} {manifest.Image.Version} is ready to build");
            return CommandLine.Done;
        });
        return verb;
    }
}
