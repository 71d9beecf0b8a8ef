using System;
using System.Collections.Generic;
using InitRuntime.Linux;
using InitRuntime.Stages;

namespace InitRuntime.Volumes;

/// <summary>
/// Runs programs of the verified root file system, for rare and long work: what cryptsetup, mkfs and resize tools do well needs not
/// be in the initramfs. The kernel's file systems are bound into the root only while there is such work, and the watchdog is fed.
/// </summary>
internal sealed class RootTools(BootWatchdog watchdog, Kmsg log) : IDisposable
{
    /// <summary>A directory in memory that the programs and /init both see; it is empty again afterwards.</summary>
    internal const string WorkDirectory = "/run/initruntime/work";

    private const string Root = RootMount.Path;
    private const int PrivateMode = 0x1c0; // 0700

    private static readonly TimeSpan _feedInterval = TimeSpan.FromSeconds(2);

    private RootBinding? _binding;

    /// <summary>Runs a program to its end.</summary>
    /// <param name="work">What it is for, in the words of a log line: <c>making the file system of var</c>.</param>
    /// <param name="program">Absolute path in the root.</param>
    /// <param name="arguments">Without the program's name.</param>
    /// <param name="input">What it reads; may be a key.</param>
    /// <param name="line">Gets each line it says; default: the log, at detail.</param>
    /// <param name="highestExitCode">Up to which its exit code means success.</param>
    /// <exception cref="BootException">It is missing or fails: with its last words.</exception>
    internal void Run(
        string work, string program, IReadOnlyList<string> arguments, ReadOnlySpan<byte> input = default, Action<string>? line = null,
        int highestExitCode = 0)
    {
        Feed();
        log.Write(Priority.Progress, $"volumes: {work}");
        ChildResult result;
        try
        {
            // env changes into the one directory that can be written: cryptsetup wants it for what it is about to make.
            var command = new ChildCommand("/usr/bin/env", ["--chdir=" + WorkDirectory, program, .. arguments]) { RootDirectory = Root };
            result = ChildProcess.Run(
                command, input, deadline: null, line ?? (text => log.Write(Priority.Detail, $"volumes: {text}")), watchdog.Feed, _feedInterval);
        }
        catch (SyscallException e)
        {
            throw new BootException($"{work}: {e.Message}", hint: $"is {program} in the image?", inner: e);
        }

        if (result.Signal != 0 || result.ExitCode > highestExitCode)
        {
            string end = result.Signal != 0 ? $"signal {result.Signal}" : $"exit code {result.ExitCode}";
            string words = result.LastLines.Count > 0 ? $": {string.Join("; ", result.LastLines)}" : "";
            throw new BootException($"{work}: {program}: {end}{words}");
        }
    }

    /// <summary>Where a path that the programs know as <paramref name="path"/> is for /init.</summary>
    internal static string Outside(string path) => Root + path;

    /// <summary>Work of our own that takes long has to feed the watchdog, too.</summary>
    internal void Feed()
    {
        Begin();
        watchdog.Feed();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_binding is null)
        {
            return;
        }

        _binding.Dispose();
        KernelFile.RemoveDirectory(WorkDirectory);
    }

    private void Begin()
    {
        if (_binding is not null)
        {
            return;
        }

        _binding = RootBinding.Make();
        KernelFile.MakePath(WorkDirectory, PrivateMode);
    }
}
