using System.CommandLine;
using System.IO;
using System.Linq;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Cli;

/// <summary><c>initruntime profile [NAME]</c>.</summary>
internal static class ProfileVerb
{
    internal static Command Make()
    {
        Argument<string?> name = new("NAME") { Description = "The profile to show, such as qemu-amd64; without it, their names.", Arity = ArgumentArity.ZeroOrOne };
        var verb = new Command("profile", "Shows what boards of a kind have in common: manifests for extends = \"profile:NAME\".") { name };
        verb.SetAction(parsed =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(name) is not { } wanted)
            {
                foreach (string one in BoardProfiles.Names)
                {
                    output.WriteLine(one[BoardProfiles.Prefix.Length..]);
                }

                return CommandLine.Done;
            }

            if (BoardProfiles.Read(wanted) is { } text)
            {
                output.Write(text);
                return CommandLine.Done;
            }

            parsed.InvocationConfiguration.Error.WriteLine($"error: there is no profile \"{wanted}\"\nhint: known: {string.Join(", ", BoardProfiles.Names.Select(one => one[BoardProfiles.Prefix.Length..]))}");
            return CommandLine.Misused;
        });
        return verb;
    }
}
