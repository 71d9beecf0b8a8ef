using System;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Run;

/// <summary>
/// A long-running program that ends when this process ends. Linux ties that to the thread that started it, so each has a
/// thread of its own that lives as long as the program does.
/// </summary>
internal sealed class OwnedProcess : IDisposable
{
    private const int MaximumErrors = 1 << 16;

    private readonly ManualResetEventSlim _started = new();
    private readonly ManualResetEventSlim _ended = new();
    private readonly Thread _thread;
    private readonly StringBuilder _errors = new();
    private Process? _process;
    private Exception? _failure;

    private OwnedProcess(HostCommand command, bool redirect)
    {
        Command = command;
        _thread = new Thread(() => Run(redirect)) { IsBackground = true, Name = command.Program };
        _thread.Start();
        _started.Wait();
        if (_failure is { } failure)
        {
            throw new BuildException($"{command.Program} cannot be started: {failure.Message}", inner: failure);
        }
    }

    internal HostCommand Command { get; }

    /// <summary>Standard input, when redirected.</summary>
    internal Stream Input => _process!.StandardInput.BaseStream;

    /// <summary>Standard output, when redirected.</summary>
    internal Stream Output => _process!.StandardOutput.BaseStream;

    /// <summary>What it wrote to standard error so far, when redirected.</summary>
    internal string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString().TrimEnd();
            }
        }
    }

    internal bool HasEnded => _ended.IsSet;

    internal int ExitCode => _process!.ExitCode;

    /// <summary>Starts a program of the tools tree (which lets it die with its parent).</summary>
    /// <param name="command">What to run.</param>
    /// <param name="redirect">Whether its input, output and errors are ours; else they are the terminal's.</param>
    /// <param name="log">Gets the command.</param>
    /// <exception cref="BuildException">It cannot be started.</exception>
    internal static OwnedProcess Start(HostCommand command, bool redirect, IBuildLog log)
    {
        log.Command(command.ToString());
        return new OwnedProcess(command, redirect);
    }

    /// <summary>Waits for its end.</summary>
    internal bool WaitForEnd(TimeSpan limit) => _ended.Wait(limit);

    /// <summary>Ends it at once, and waits until it is gone.</summary>
    internal void Kill()
    {
        if (!HasEnded)
        {
            _process!.Kill(entireProcessTree: true);
            _ended.Wait();
        }
    }

    public void Dispose()
    {
        Kill();
        _thread.Join();
        _process!.Dispose();
        _started.Dispose();
        _ended.Dispose();
    }

    private void Keep(string? line)
    {
        lock (_errors)
        {
            if (line is not null && _errors.Length < MaximumErrors)
            {
                _errors.AppendLine(line);
            }
        }
    }

    private void Run(bool redirect)
    {
        try
        {
            var start = new ProcessStartInfo(Command.Program)
            {
                RedirectStandardInput = redirect,
                RedirectStandardOutput = redirect,
                RedirectStandardError = redirect,
            };
            foreach (string argument in Command.Arguments)
            {
                start.ArgumentList.Add(argument);
            }

            foreach ((string name, string value) in Command.Environment)
            {
                start.Environment[name] = value;
            }

            _process = Process.Start(start)!;
            if (redirect)
            {
                _process.ErrorDataReceived += (_, line) => Keep(line.Data);
                _process.BeginErrorReadLine();
            }
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException or IOException)
        {
            _failure = e;
            _started.Set();
            _ended.Set();
            return;
        }

        _started.Set();
        _process.WaitForExit();
        _ended.Set();
    }
}
