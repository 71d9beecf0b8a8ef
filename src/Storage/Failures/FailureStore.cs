using System;
using InitRuntime.Formats;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.Efi;
using InitRuntime.Linux;

namespace InitRuntime.Storage.Failures;

/// <summary>
/// The reason of a failed boot, kept in the EFI variable <c>InitRuntimeFailure</c>, where the next boot of either slot finds it. It
/// is written only when a boot fails, and once more when the next one succeeds, so it does not wear the flash. It goes when the image
/// that it tells of is tried anew.
/// </summary>
public static class FailureStore
{
    private const string Name = "InitRuntimeFailure";

    /// <summary>The last record, or null. What cannot be read as one is treated as none.</summary>
    public static FailureRecord? TryRead() =>
        EfiVariables.TryRead(Name, EfiVendor.InitRuntime) is { } bytes && BootReportJson.TryParse(bytes, out FailureRecord record, out ParseError _) ? record : null;

    /// <summary>Keeps a record; false if the firmware does not take it.</summary>
    /// <param name="record">What failed.</param>
    /// <param name="report">Is told why it is not kept.</param>
    public static bool TryWrite(FailureRecord record, Action<string> report)
    {
        ArgumentNullException.ThrowIfNull(report);
        try
        {
            EfiVariables.Write(Name, EfiVendor.InitRuntime, BootReportJson.Write(record));
            return true;
        }
        catch (SyscallException e)
        {
            report($"failure record not kept: {e.Message}");
            return false;
        }
    }

    /// <summary>Removes the record; false if the firmware does not let go of it.</summary>
    /// <param name="report">Is told why it stays.</param>
    public static bool TryRemove(Action<string> report)
    {
        ArgumentNullException.ThrowIfNull(report);
        try
        {
            EfiVariables.Remove(Name, EfiVendor.InitRuntime);
            return true;
        }
        catch (SyscallException e)
        {
            report($"failure record not removed: {e.Message}");
            return false;
        }
    }
}
