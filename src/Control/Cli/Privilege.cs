using System;
using System.IO;
using InitRuntime.Control.Output;

namespace InitRuntime.Control.Cli;

/// <summary>What every verb that changes something begins with.</summary>
internal static class Privilege
{
    /// <exception cref="ControlException">The user is not root.</exception>
    internal static void Require(string what)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new ControlException($"only root can {what}", "run it as root");
        }
    }

    /// <summary>A line that is seen at once: what comes next may restart the machine.</summary>
    internal static void SayLine(this TextWriter output, string line)
    {
        output.Write($"{Printable.Text(line)}\n");
        output.Flush();
    }
}
