using System;

namespace InitRuntime.Mkinitramfs.Host;

/// <summary>Where the build tells what it does: a terminal with progress, or plain lines.</summary>
internal interface IBuildLog
{
    /// <summary>Does one named piece of work that may take seconds, and shows its progress and its time.</summary>
    T Step<T>(string title, Func<T> work);

    /// <summary>One line for the user.</summary>
    void Note(string message);

    /// <summary>One line that the user should act upon, though the build goes on.</summary>
    void Warning(string message);

    /// <summary>An outside command that is about to run; shown with <c>-x</c>.</summary>
    void Command(string commandLine);
}
