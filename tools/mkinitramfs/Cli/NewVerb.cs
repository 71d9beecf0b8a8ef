using System.CommandLine;
using System.IO;
using InitRuntime.Mkinitramfs.Build;

namespace InitRuntime.Mkinitramfs.Cli;

/// <summary><c>initruntime new NAME</c>.</summary>
internal static class NewVerb
{
    internal static Command Make()
    {
        var name = new Argument<string>("NAME") { Description = "The directory to make; its name is the image's." };
        var compiled = new Option<bool>("--compiled-hook") { Description = "Make its hook a C# project that is compiled into /init, instead of a script of the image." };
        var verb = new Command("new", "Makes a directory to begin with: manifest, package list, one hook, development keys. It builds and boots as it is.") { name, compiled };
        verb.SetAction(parsed =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            string directory = parsed.GetRequiredValue(name);
            foreach (string file in Skeleton.Make(directory, parsed.GetValue(compiled)))
            {
                output.WriteLine(Path.Combine(directory, file));
            }

            output.WriteLine($"next: initruntime build {Path.Combine(directory, "image.toml")} -o {Path.Combine(directory, "out")}");
            return CommandLine.Done;
        });
        return verb;
    }
}
