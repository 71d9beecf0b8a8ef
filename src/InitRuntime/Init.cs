using System;
using InitRuntime.Failure;
using InitRuntime.Hooks;
using InitRuntime.Linux;

namespace InitRuntime;

/// <summary>PID 1 until the root file system's init takes over. It never returns: an exit of PID 1 is a kernel panic.</summary>
public static class Init
{
    /// <summary>Boots.</summary>
    /// <param name="arguments">The kernel's, for the root's init.</param>
    /// <param name="compiledHooks">Makes a hook that is compiled in, by its name; a build with such hooks generates it.</param>
    public static int Run(string[] arguments, Func<string, IBootHook?>? compiledHooks = null)
    {
        BootJournal journal = new() { CompiledHooks = compiledHooks };
        StageFailedException failure;
        try
        {
            BootSequence.Run(new StageRunner(journal), arguments);
            failure = new("switch-root", new BootException("the root's init did not take over"));
        }
        catch (StageFailedException e)
        {
            failure = e;
        }
        catch (Exception e)
        {
            failure = new("init", e);
        }

        FailureEnd.Act(journal, failure);
        return 1;
    }

    private static int Main(string[] arguments) => Run(arguments);
}
