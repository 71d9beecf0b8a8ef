using InitRuntime.Formats;
using InitRuntime.Formats.BootReport;
using InitRuntime.Linux;

namespace InitRuntime.Control;

/// <summary>What /init left about this boot.</summary>
internal static class BootReportFile
{
    /// <summary>Reads it.</summary>
    /// <exception cref="ControlException">There is none, or it is of another build's form.</exception>
    internal static BootReportDocument Read()
    {
        byte[] bytes = KernelFile.TryReadAll(BootReportJson.Path, BootReportJson.MaximumReportLength) ?? throw new ControlException(
            $"{BootReportJson.Path} is not there", "only a system that was started by the /init of InitRuntime has it");
        return BootReportJson.TryParse(bytes, out BootReportDocument report, out ParseError error)
            ? report
            : throw new ControlException(
                $"{BootReportJson.Path}: {error}", "/init and this program must come from the same build: this one is in the root of each image");
    }
}
