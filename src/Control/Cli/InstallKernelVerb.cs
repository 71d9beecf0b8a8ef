using System.CommandLine;
using InitRuntime.Control.Trial;
using InitRuntime.Formats.BootEntries;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Linux;

namespace InitRuntime.Control.Cli;

/// <summary><c>initruntime-ctl install-kernel SLOT</c>.</summary>
internal static class InstallKernelVerb
{
    internal static Command Make()
    {
        var slot = new Argument<string>("SLOT") { Description = $"The slot that was written: {BootSlots.All[0].Root} or {BootSlots.All[1].Root}." };
        var verb = new Command(
            "install-kernel",
            $"Lets systemd-boot try the kernel once that an update has written as {BootEntryName.Directory}/{BootEntryName.Unfinished}. SWUpdate runs it at the end of each update; with EFI Boot Guard there is no such step.")
        {
            slot,
        };
        verb.SetAction(parsed =>
        {
            string name = parsed.GetRequiredValue(slot);
            BootSlot wanted = BootSlots.OfRoot(name) ?? throw ControlException.Misuse($"{name}: no slot");
            Privilege.Require("install a kernel");
            RunningImage image = RunningImage.Read([]);
            if (!image.HasEntries)
            {
                throw new ControlException("the loader of this device is not systemd-boot");
            }

            try
            {
                KernelEntries.Install(image, wanted);
            }
            catch (SyscallException e)
            {
                throw new ControlException($"the kernel of {name} cannot be installed: {e.Message}", inner: e);
            }

            parsed.InvocationConfiguration.Output.SayLine($"the next boot tries the image in {name}");
            return CommandLine.Done;
        });
        return verb;
    }
}
