using System.CommandLine;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Cli;

/// <summary><c>initruntime build MANIFEST -o DIR</c>.</summary>
internal static class BuildVerb
{
    internal static Command Make()
    {
        Argument<string> file = ManifestArgument.Make();
        var directory = new Option<string>("--output", "-o") { Description = "The directory for all that is made; made if it is missing.", HelpName = "DIR", Required = true };
        Option<bool> plain = LongWork.Plain();
        Option<bool> showCommands = LongWork.ShowCommands();
        var verb = new Command("build", "Makes all of an image: root file system, initramfs, UKI and disk. A build that fails changes no file of an earlier one.")
        {
            file, directory, plain, showCommands,
        };
        verb.SetAction(parsed =>
            ManifestArgument.Read(parsed.GetRequiredValue(file), parsed.InvocationConfiguration.Error) is { Manifest: { } manifest }
                ? LongWork.Do(parsed.InvocationConfiguration, parsed.GetValue(plain), parsed.GetValue(showCommands), log =>
                    Build(manifest, parsed.GetRequiredValue(directory), log))
                : CommandLine.Misused);
        return verb;
    }

    private static bool Build(ImageManifest manifest, string directory, IBuildLog log)
    {
        foreach (string warning in ManifestWarnings.Of(manifest))
        {
            log.Warning(warning);
        }

        ImageSummary made = ImageBuilder.Build(manifest, directory, log);
        log.Note($"{directory}: {made.Name} {made.Version}, image {made.ImageUuid}, root hash {made.Roothash}");
        log.Note($"try it: initruntime run {directory}");
        return true;
    }
}
