using System;
using System.IO;
using System.Runtime.InteropServices;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Cli;

/// <summary>
/// The first Ctrl-C (or SIGTERM) lets the work end at its next step, so that temporary files go; the second ends the program.
/// Outside programs are in the terminal's group and get Ctrl-C themselves.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private readonly TextWriter _errors;
    private volatile bool _requested;

    internal Interruption(TextWriter errors)
    {
        _errors = errors;
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Request);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Request);
    }

    internal bool Requested => _requested;

    /// <exception cref="OperationCanceledException">The user wants to stop.</exception>
    internal void ThrowIfRequested()
    {
        if (_requested)
        {
            throw new OperationCanceledException();
        }
    }

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
    }

    private void Request(PosixSignalContext signal)
    {
        if (!_requested)
        {
            signal.Cancel = true;
            _errors.WriteLine("stopping and tidying up; once more to stop at once");
            _requested = true;
        }
    }
}

/// <summary>A log whose every step is a chance to stop.</summary>
internal sealed class InterruptibleLog(IBuildLog log, Interruption interruption) : IBuildLog
{
    public T Step<T>(string title, Func<T> work)
    {
        interruption.ThrowIfRequested();
        return log.Step(title, work);
    }

    public void Note(string message) => log.Note(message);

    public void Warning(string message) => log.Warning(message);

    public void Command(string commandLine)
    {
        interruption.ThrowIfRequested();
        log.Command(commandLine);
    }
}
