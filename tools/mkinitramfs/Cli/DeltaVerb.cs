using System.CommandLine;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Update;

namespace InitRuntime.Mkinitramfs.Cli;

/// <summary><c>initruntime delta OLD NEW</c>.</summary>
internal static class DeltaVerb
{
    internal static Command Make()
    {
        var old = new Argument<string>("OLD") { Description = "Directory of a build: the image that devices have." };
        var next = new Argument<string>("NEW") { Description = "Directory of a build: the image that they are to have." };
        Option<bool> plain = LongWork.Plain();
        Option<bool> showCommands = LongWork.ShowCommands();
        var verb = new Command("delta", "Says how much a device downloads by update-delta.swu, part by part.") { old, next, plain, showCommands };
        verb.SetAction(parsed => LongWork.Do(parsed.InvocationConfiguration, parsed.GetValue(plain), parsed.GetValue(showCommands), log =>
        {
            DeltaEstimate.Write(
                parsed.GetRequiredValue(old), parsed.GetRequiredValue(next), ToolsTree.Open(CacheDirectory.Path, log), parsed.InvocationConfiguration.Output, log);
            return true;
        }));
        return verb;
    }
}
