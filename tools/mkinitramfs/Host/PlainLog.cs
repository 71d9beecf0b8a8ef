using System;
using System.Diagnostics;
using System.IO;

namespace InitRuntime.Mkinitramfs.Host;

/// <summary>Plain lines, for pipes, logs and tests.</summary>
internal sealed class PlainLog(TextWriter writer, bool showCommands) : IBuildLog
{
    public T Step<T>(string title, Func<T> work)
    {
        writer.WriteLine($"{title} ...");
        var watch = Stopwatch.StartNew();
        T result = work();
        writer.WriteLine($"{title}: done in {watch.Elapsed.TotalSeconds:0.0} s");
        return result;
    }

    public void Note(string message) => writer.WriteLine(message);

    public void Warning(string message) => writer.WriteLine($"warning: {message}");

    public void Command(string commandLine)
    {
        if (showCommands)
        {
            writer.WriteLine($"+ {commandLine}");
        }
    }
}
