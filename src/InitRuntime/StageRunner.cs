using System;
using System.Diagnostics;
using System.Globalization;
using InitRuntime.Formats.BootReport;
using InitRuntime.Linux;

namespace InitRuntime;

/// <summary>Runs the stages of the boot one after the other, names them in the log and takes their times.</summary>
internal sealed class StageRunner(BootJournal journal)
{
    internal BootJournal Journal => journal;

    /// <summary>Runs a stage that makes something the later ones need.</summary>
    /// <exception cref="StageFailedException">It failed.</exception>
    internal T Stage<T>(string name, Func<T> work)
    {
        journal.Log.Write(Priority.Detail, $"{name}: begins");
        long start = Stopwatch.GetTimestamp();
        T made;
        try
        {
            made = work();
        }
        catch (Exception e) when (e is not StageFailedException)
        {
            journal.Add(new(name, Elapsed(start), e.Message));
            throw new StageFailedException(name, e);
        }

        Done(name, start);
        return made;
    }

    /// <summary>Runs a stage that makes nothing the later ones need.</summary>
    /// <exception cref="StageFailedException">It failed, and <paramref name="onFailure"/> is <see cref="OnFailure.Fallback"/>.</exception>
    internal void Stage(string name, OnFailure onFailure, Action work)
    {
        try
        {
            Stage(name, () =>
            {
                work();
                return true;
            });
        }
        catch (StageFailedException e) when (onFailure == OnFailure.Continue)
        {
            journal.Log.Write(Priority.Failure, $"{name} failed: {e.Message}\n{name} next: going on without it");
        }
    }

    private void Done(string name, long start)
    {
        double milliseconds = Elapsed(start);
        journal.Add(new StageReport(name, milliseconds));
        journal.Log.Write(Priority.Progress, string.Create(CultureInfo.InvariantCulture, $"{name}: done in {milliseconds} ms"));
    }

    private static double Elapsed(long start) => Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 1);
}
