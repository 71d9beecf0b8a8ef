using System.CommandLine;
using InitRuntime.Mkinitramfs.Signing;

namespace InitRuntime.Mkinitramfs.Cli;

/// <summary><c>initruntime keys DIR</c>.</summary>
internal static class KeysVerb
{
    internal static Command Make()
    {
        var directory = new Argument<string>("DIR") { Description = "The directory to make them in. Keys that are there are never overwritten." };
        var verb = new Command("keys", "Makes development keys: Secure Boot PK, KEK and db, updates, PCR policies.") { directory };
        verb.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(directory);
            DevelopmentKeys.Make(path);
            parsed.InvocationConfiguration.Output.WriteLine($"{path}: keys for development only; whoever has a copy can sign for your devices");
            return CommandLine.Done;
        });
        return verb;
    }
}
