using System.CommandLine;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Inspect;

namespace InitRuntime.Mkinitramfs.Cli;

/// <summary><c>initruntime inspect FILE</c>.</summary>
internal static class InspectVerb
{
    internal static Command Make()
    {
        var file = new Argument<string>("FILE") { Description = "A UKI, initramfs, disk image, root file system, BGENV.DAT, update file or image.json." };
        Option<bool> plain = LongWork.Plain();
        Option<bool> showCommands = LongWork.ShowCommands();
        var verb = new Command("inspect", "Says what a file of a build holds. It is known by its content, not by its name.") { file, plain, showCommands };
        verb.SetAction(parsed => LongWork.Do(parsed.InvocationConfiguration, parsed.GetValue(plain), parsed.GetValue(showCommands), log =>
        {
            Inspector.Inspect(parsed.GetRequiredValue(file), ToolsTree.Open(CacheDirectory.Path, log), parsed.InvocationConfiguration.Output, log);
            return true;
        }));
        return verb;
    }
}
