using System.CommandLine;
using InitRuntime.Control.Status;

namespace InitRuntime.Control.Cli;

/// <summary><c>initruntime-ctl status</c>.</summary>
internal static class StatusVerb
{
    internal static Command Make()
    {
        Option<bool> json = Answer.JsonOption();
        var verb = new Command("status", "Tells which image runs, whether it is confirmed, how the boot went and how the volumes stand.") { json };
        verb.SetAction(parsed =>
        {
            DeviceStatus status = DeviceStatus.Read();
            return Answer.Give(parsed, json, page => StatusText.Write(page, status), output => StatusJson.Write(output, status));
        });
        return verb;
    }
}
