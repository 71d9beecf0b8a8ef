using System;
using System.CommandLine;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Run;

namespace InitRuntime.Mkinitramfs.Cli;

/// <summary><c>initruntime run DIR</c>.</summary>
internal static class RunVerb
{
    private const int LeastMemory = 256;
    private const int MostMemory = 1 << 20;
    private const int MostProcessors = 256;

    internal static Command Make()
    {
        var defaults = new RunOptions();
        var directory = new Argument<string>("DIR") { Description = "What \"initruntime build\" made; the machine keeps its state beside it, in DIR.machine." };
        var report = new Option<bool>("--report") { Description = "No console: wait for the guest's report on its boot, show it, switch off. Fails when a unit of the guest failed." };
        var limit = Number("--limit", "SECONDS", "How long the report may take.", (int)defaults.ReportLimit.TotalSeconds, 1, 86400);
        var fresh = new Option<bool>("--fresh") { Description = "Forget what earlier runs wrote: disk, firmware variables, TPM." };
        var processors = Number("--processors", "NUMBER", "Processors of the machine.", defaults.Processors, 1, MostProcessors);
        var memory = Number("--memory", "MEBIBYTES", "Memory of the machine.", defaults.MemoryInMebibytes, LeastMemory, MostMemory);
        Option<bool> plain = LongWork.Plain();
        Option<bool> showCommands = LongWork.ShowCommands();
        var verb = new Command("run", "Boots a built image in a virtual machine with Secure Boot, a TPM and a watchdog.")
        {
            directory, report, limit, fresh, processors, memory, plain, showCommands,
        };
        verb.SetAction(parsed => LongWork.Do(parsed.InvocationConfiguration, parsed.GetValue(plain), parsed.GetValue(showCommands), log => RunCommand.Run(
            parsed.GetRequiredValue(directory),
            new RunOptions
            {
                Report = parsed.GetValue(report),
                ReportLimit = TimeSpan.FromSeconds(parsed.GetValue(limit)),
                Fresh = parsed.GetValue(fresh),
                Processors = parsed.GetValue(processors),
                MemoryInMebibytes = parsed.GetValue(memory),
            },
            ToolsTree.Open(CacheDirectory.Path, log),
            parsed.InvocationConfiguration.Output,
            log)));
        return verb;
    }

    private static Option<int> Number(string name, string word, string description, int value, int least, int most)
    {
        var option = new Option<int>(name) { Description = description, HelpName = word, DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (int.TryParse(result.Tokens is [{ Value: var text }] ? text : "", out int number) && (number < least || number > most))
            {
                result.AddError($"{name} {number} is out of range: wanted {least} to {most}");
            }
        });
        return option;
    }
}
