using InitRuntime.Formats;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.Efi;
using InitRuntime.Linux;

namespace InitRuntime.Failure;

/// <summary>
/// The reason of a failed boot, kept in the EFI variable <c>InitRuntimeFailure</c>, where the next boot of either slot finds it. It
/// is written only when a boot fails, and once more when the next one succeeds, so it does not wear the flash.
/// </summary>
internal static class FailureStore
{
    private const string Name = "InitRuntimeFailure";

    /// <summary>The last record, or null. What cannot be read as one is treated as none.</summary>
    internal static FailureRecord? TryRead() =>
        EfiVariables.TryRead(Name, EfiVendor.InitRuntime) is { } bytes && BootReportJson.TryParse(bytes, out FailureRecord record, out ParseError _) ? record : null;

    /// <summary>Keeps a record; false if the firmware does not take it.</summary>
    internal static bool TryWrite(FailureRecord record, Kmsg log)
    {
        try
        {
            EfiVariables.Write(Name, EfiVendor.InitRuntime, BootReportJson.Write(record));
            return true;
        }
        catch (SyscallException e)
        {
            log.Write(Priority.Choice, $"failure record not kept: {e.Message}");
            return false;
        }
    }

    /// <summary>This boot succeeded: the record stays readable, but the series of failures is over.</summary>
    internal static void EndSeries(BootJournal journal)
    {
        if (journal.LastFailure is { Consecutive: > 0 } last)
        {
            TryWrite(last with { Consecutive = 0 }, journal.Log);
        }
    }
}
