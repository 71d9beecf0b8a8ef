using System;
using System.CommandLine;
using System.IO;
using System.Text;
using InitRuntime.Control.Output;
using InitRuntime.Control.Reset;
using InitRuntime.Linux;

namespace InitRuntime.Control.Cli;

/// <summary><c>initruntime-ctl reset</c>.</summary>
internal static class ResetVerb
{
    private const string Yes = "yes";

    internal static Command Make()
    {
        var volumes = new Option<string[]>("--volume") { Description = "Erase this volume alone; may be given more than once.", HelpName = "NAME" };
        var overlays = new Option<string[]>("--overlays")
        {
            Description = "Erase no volume, but what was changed in overlays: these, or all.",
            HelpName = "PATH",
            Arity = ArgumentArity.ZeroOrMore,
            AllowMultipleArgumentsPerToken = true,
        };
        var yes = new Option<bool>("--yes") { Description = "Do not ask." };
        var reboot = new Option<bool>("--reboot") { Description = "Reboot then." };
        var cancel = new Option<bool>("--cancel") { Description = "Take the request back." };
        var verb = new Command("reset", "Asks for a factory reset: the next boot makes the volumes anew. Without options it takes all of them.")
        {
            volumes, overlays, yes, reboot, cancel,
        };
        verb.SetAction(parsed =>
        {
            string[]? paths = parsed.GetResult(overlays) is null ? null : parsed.GetValue(overlays) ?? [];
            string[] names = parsed.GetValue(volumes) ?? [];
            if (parsed.GetValue(cancel))
            {
                return names.Length > 0 || paths is not null || parsed.GetValue(yes) || parsed.GetValue(reboot)
                    ? throw ControlException.Misuse("--cancel stands alone")
                    : Cancel(parsed.InvocationConfiguration.Output);
            }

            return Ask(parsed.InvocationConfiguration.Output, names, paths, parsed.GetValue(yes), parsed.GetValue(reboot));
        });
        return verb;
    }

    private static int Ask(TextWriter output, string[] volumes, string[]? overlays, bool isSure, bool reboot)
    {
        ResetVariable.CheckWritable();
        ResetPlan plan = ResetPlan.Make(BootReportFile.Read(), MountTable.Read(), volumes, overlays);
        Say(output, plan.Write);
        if (!isSure)
        {
            if (Console.IsInputRedirected)
            {
                throw ControlException.Misuse("there is no terminal to ask on", "add --yes");
            }

            output.Write($"Type {Yes} to go on: ");
            output.Flush();
            if (ReadLine(Console.OpenStandardInput()) != Yes)
            {
                throw new ControlException("nothing was asked for");
            }
        }

        ResetVariable.Write(plan.Bytes);
        output.Write(reboot ? "The request is kept. Rebooting.\n" : "The request is kept until the next boot; initruntime-ctl reset --cancel takes it back.\n");
        output.Flush();
        if (reboot)
        {
            Restart.Now();
        }

        return CommandLine.Done;
    }

    private static int Cancel(TextWriter output)
    {
        ResetVariable.CheckWritable();
        output.Write(ResetVariable.Remove() ? "The request is taken back.\n" : "There is no request.\n");
        foreach (PendingReset other in PendingResets.Read())
        {
            output.Write($"{other.Variable} still asks for one: {PendingResets.HowToCancel(other)}\n");
        }

        return CommandLine.Done;
    }

    private static void Say(TextWriter output, Action<TextPage> write)
    {
        var page = new TextPage();
        write(page);
        output.Write(page.ToString());
    }

    /// <summary>A terminal gives a line at once; what is longer is no answer.</summary>
    private static string ReadLine(Stream terminal)
    {
        Span<byte> line = stackalloc byte[64];
        int length = terminal.Read(line);
        return Encoding.UTF8.GetString(line[..length]).Trim();
    }
}
