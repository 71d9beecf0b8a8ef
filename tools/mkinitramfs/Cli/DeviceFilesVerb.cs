using System.CommandLine;
using InitRuntime.Mkinitramfs.Build;

namespace InitRuntime.Mkinitramfs.Cli;

/// <summary><c>initruntime device-files MANIFEST DIR</c>.</summary>
internal static class DeviceFilesVerb
{
    internal static Command Make()
    {
        Argument<string> file = ManifestArgument.Make();
        var directory = new Argument<string>("DIR") { Description = "The directory to write them to, as below /; made if it is missing." };
        var verb = new Command("device-files", "Writes what a build adds to the root for the device: initruntime-ctl, units, SWUpdate's configuration. For roots that others make, and packages.")
        {
            file, directory,
        };
        verb.SetAction(parsed =>
        {
            if (ManifestArgument.Read(parsed.GetRequiredValue(file), parsed.InvocationConfiguration.Error) is not { Manifest: { } manifest })
            {
                return CommandLine.Misused;
            }

            foreach (string path in DeviceFiles.Write(manifest, parsed.GetRequiredValue(directory)))
            {
                parsed.InvocationConfiguration.Output.WriteLine(path);
            }

            return CommandLine.Done;
        });
        return verb;
    }
}
