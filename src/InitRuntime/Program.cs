using System;
using InitRuntime.Failure;
using InitRuntime.Linux;

namespace InitRuntime;

/// <summary>PID 1 until the root file system's init takes over. It never returns: an exit of PID 1 is a kernel panic.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        BootJournal journal = new();
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
}
