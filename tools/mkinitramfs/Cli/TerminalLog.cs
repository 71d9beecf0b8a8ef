using System;
using System.Diagnostics;
using InitRuntime.Mkinitramfs.Host;
using Spectre.Console;

namespace InitRuntime.Mkinitramfs.Cli;

/// <summary>For a person at a terminal: what is being done now turns at the bottom, what was done stands above with its time.</summary>
internal sealed class TerminalLog(IAnsiConsole console, bool showCommands) : IBuildLog
{
    private StatusContext? _status;

    public T Step<T>(string title, Func<T> work)
    {
        var watch = Stopwatch.StartNew();
        T result = _status is { } outer ? Inside(outer, title, work) : Alone(title, work);
        console.MarkupLineInterpolated($"[green]done[/]  {title}  [grey]{watch.Elapsed.TotalSeconds:0.0} s[/]");
        return result;
    }

    public void Note(string message) => console.MarkupLineInterpolated($"{message}");

    public void Warning(string message) => console.MarkupLineInterpolated($"[yellow]warning: {message}[/]");

    public void Command(string commandLine)
    {
        if (showCommands)
        {
            console.MarkupLineInterpolated($"[grey]+ {commandLine}[/]");
        }
    }

    private T Alone<T>(string title, Func<T> work)
    {
        try
        {
            return console.Status().Start(Markup.Escape(title), status =>
            {
                _status = status;
                return work();
            });
        }
        finally
        {
            _status = null;
        }
    }

    // A terminal has one such line: a step inside another borrows it.
    private static T Inside<T>(StatusContext status, string title, Func<T> work)
    {
        string before = status.Status;
        status.Status = Markup.Escape(title);
        try
        {
            return work();
        }
        finally
        {
            status.Status = before;
        }
    }
}
