using System;
using System.Diagnostics;
using System.IO;
using System.Threading;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Run;

/// <summary>A TPM 2.0 (swtpm) for one virtual machine; it ends when the machine lets go of it.</summary>
internal sealed class SoftwareTpm : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);

    private readonly OwnedProcess _process;

    private SoftwareTpm(OwnedProcess process, string socket)
    {
        _process = process;
        Socket = socket;
    }

    /// <summary>Where QEMU reaches it.</summary>
    internal string Socket { get; }

    /// <exception cref="BuildException">It does not start.</exception>
    internal static SoftwareTpm Start(MachineState state, string socket, ToolsTree tools, IBuildLog log)
    {
        HostCommand command = tools.Command(
            "swtpm", "socket", "--tpm2", "--tpmstate", $"dir={state.TpmDirectory}", "--ctrl", $"type=unixio,path={socket}", "--terminate",
            "--log", $"file={state.TpmLog},level=1");
        OwnedProcess process = OwnedProcess.Start(command, redirect: true, log);
        var watch = Stopwatch.StartNew();
        while (!File.Exists(socket))
        {
            if (process.HasEnded || watch.Elapsed > StartLimit)
            {
                process.Dispose();
                throw new BuildException($"swtpm did not start; its log is {state.TpmLog}");
            }

            Thread.Sleep(10);
        }

        return new SoftwareTpm(process, socket);
    }

    public void Dispose()
    {
        // It writes its state when the connection ends: give it the time.
        _process.WaitForEnd(TimeSpan.FromSeconds(5));
        _process.Dispose();
    }
}
