using System;
using System.Collections.Generic;
using System.IO;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Run;

/// <summary>
/// A PC with UEFI Secure Boot (our keys alone), a TPM, a watchdog and no network, that boots a disk image. It ends when it is
/// disposed, and when this process ends in whatever way.
/// </summary>
internal sealed class VirtualMachine : IDisposable
{
    /// <summary>Name of the port on which a guest writes its report, and may read: <c>/dev/virtio-ports/org.initruntime.report</c>.</summary>
    internal const string ReportPort = "org.initruntime.report";

    /// <summary>The machine for QEMU. Only system management mode may write the firmware's variables: else Secure Boot would prove nothing.</summary>
    internal const string MachineType = "q35,smm=on";

    private const string FirmwareCode = "usr/share/OVMF/OVMF_CODE_4M.secboot.fd";

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan QuitLimit = TimeSpan.FromSeconds(10);

    private readonly DirectoryInfo _sockets;
    private readonly GuestConnection _control;
    private readonly GuestConnection _report;
    private readonly SoftwareTpm? _tpm;
    private readonly OwnedProcess _process;
    private readonly SerialConsole? _console;
    private readonly GuestPort _port;

    private VirtualMachine(MachineOptions options, ToolsTree tools, IBuildLog log)
    {
        MachineState state = MachineState.Open(options, tools, log);
        // Short: the name of a Unix socket has at most 107 bytes.
        _sockets = Directory.CreateTempSubdirectory("irvm-");
        var made = new Stack<IDisposable>();
        try
        {
            made.Push(_control = new GuestConnection(Path.Combine(_sockets.FullName, "qmp")));
            made.Push(_report = new GuestConnection(Path.Combine(_sockets.FullName, "report")));
            if (options.HasTpm)
            {
                made.Push(_tpm = SoftwareTpm.Start(state, Path.Combine(_sockets.FullName, "tpm"), tools, log));
            }

            string pidFile = Path.Combine(_sockets.FullName, "pid");
            HostCommand command = tools.Command("qemu-system-x86_64", Arguments(options, state, pidFile, KvmProbe.Works(tools, log)));
            CommandLine = command.ToString();
            SerialLog = state.SerialLog;
            made.Push(_process = OwnedProcess.Start(command, redirect: !options.Interactive, log));
            Stream control = Accept(_control);
            _port = new GuestPort(Accept(_report));
            Control = new QmpSession(control);
            // Its main loop answers only once all is set up; then the process id is there too.
            _ = Control.Execute("query-status") ?? throw NotStarted();
            ProcessId = int.Parse(File.ReadAllText(pidFile));
            _console = options.Interactive ? null : new SerialConsole(_process.Output, _process.Input, state.SerialLog);
        }
        catch
        {
            while (made.TryPop(out IDisposable? item))
            {
                item.Dispose();
            }

            _sockets.Delete(recursive: true);
            throw;
        }
    }

    /// <summary>The command that runs it, for a person to repeat.</summary>
    internal string CommandLine { get; }

    /// <summary>The file with all that came over the serial line.</summary>
    internal string SerialLog { get; }

    /// <summary>QEMU's own process.</summary>
    internal int ProcessId { get; }

    /// <summary>Commands to the machine, and its events.</summary>
    internal QmpSession Control { get; }

    /// <summary>Whether it has been switched off.</summary>
    internal bool HasEnded => _process.HasEnded;

    /// <summary>The serial line.</summary>
    /// <exception cref="InvalidOperationException">The machine is interactive: the terminal has it.</exception>
    internal SerialConsole Console => _console ?? throw new InvalidOperationException("the console is the terminal's");

    /// <exception cref="BuildException">Something it is made of is missing, or QEMU does not start.</exception>
    internal static VirtualMachine Start(MachineOptions options, ToolsTree tools, IBuildLog log) => new(options, tools, log);

    /// <summary>The next line the guest writes to its report port; null when time is up or the machine has ended without one.</summary>
    internal string? WaitForReport(TimeSpan limit) => _port.WaitForLine(limit);

    /// <summary>Writes a line to the guest's report port, which has it once the guest reads there.</summary>
    internal void Send(string line) => _port.Send(line);

    /// <summary>Lets a paused machine run.</summary>
    internal void Continue() => Control.Execute("cont");

    /// <summary>Stops its processors.</summary>
    internal void Pause() => Control.Execute("stop");

    /// <summary>Presses its reset button.</summary>
    internal void Reset() => Control.Execute("system_reset");

    /// <summary>Presses its power button: the guest shuts down if it listens.</summary>
    internal void PressPowerButton() => Control.Execute("system_powerdown");

    /// <summary>Waits until it is switched off.</summary>
    internal bool WaitForEnd(TimeSpan limit) => _process.WaitForEnd(limit);

    /// <summary>Cuts the power: the process is gone at once, with all that the guest had not written.</summary>
    internal void CutPower()
    {
        if (!HasEnded)
        {
            using var qemu = System.Diagnostics.Process.GetProcessById(ProcessId);
            qemu.Kill();
            _process.WaitForEnd(QuitLimit);
        }
    }

    public void Dispose()
    {
        if (!HasEnded)
        {
            Control.Execute("quit");
            _process.WaitForEnd(QuitLimit);
        }

        _process.Dispose();
        _console?.Dispose();
        _control.Dispose();
        _report.Dispose();
        _tpm?.Dispose();
        _sockets.Delete(recursive: true);
    }

    private Stream Accept(GuestConnection connection)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (watch.Elapsed < ConnectLimit && !_process.HasEnded)
        {
            if (connection.Accept(TimeSpan.FromMilliseconds(200)) is { } stream)
            {
                return stream;
            }
        }

        throw NotStarted();
    }

    private BuildException NotStarted()
    {
        // Its last words may still be on their way.
        _process.WaitForEnd(TimeSpan.FromSeconds(1));
        return new BuildException($"QEMU does not start: {_process.Errors}", $"the command was: {CommandLine}");
    }

    private List<string> Arguments(MachineOptions options, MachineState state, string pidFile, bool kvm)
    {
        List<string> arguments =
        [
            "-name", "initruntime", "-nodefaults", "-no-user-config", "-display", "none", "-nic", "none", "-pidfile", pidFile,
            "-machine", MachineType, "-global", "driver=cfi.pflash01,property=secure,value=on",
            "-accel", kvm ? "kvm" : "tcg", "-cpu", kvm ? "host" : "max",
            "-smp", $"{options.Processors}", "-m", $"{options.MemoryInMebibytes}",
            "-drive", $"if=pflash,format=raw,unit=0,readonly=on,file={Escape(ToolsPath(FirmwareCode))}",
            "-drive", $"if=pflash,format=raw,unit=1,file={Escape(state.Variables)}",
            "-drive", $"if=none,id=system,format=qcow2,file={Escape(state.Disk)}",
            "-device", $"{options.DiskDevice},drive=system,serial=system,bootindex=1",
            "-object", "rng-random,id=random,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=random",
            "-device", "i6300esb", "-action", "watchdog=reset",
            "-chardev", $"socket,id=control,path={Escape(_control.Path)}", "-mon", "chardev=control,mode=control",
            "-chardev", $"socket,id=report,path={Escape(_report.Path)}",
            "-device", "virtio-serial-pci", "-device", $"virtserialport,chardev=report,name={ReportPort}",
        ];
        arguments.AddRange(options.Interactive
            ? ["-serial", "mon:stdio"]
            : ["-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial"]);
        if (_tpm is not null)
        {
            arguments.AddRange(
                ["-chardev", $"socket,id=tpm,path={Escape(_tpm.Socket)}", "-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", "tpm-crb,tpmdev=tpm0"]);
        }

        int index = 0;
        foreach (ExtraDisk disk in options.ExtraDisks)
        {
            string id = $"extra{index}";
            string readOnly = disk.IsReadOnly ? ",readonly=on" : "";
            arguments.AddRange(["-drive", $"if=none,id={id},format={disk.Format}{readOnly},file={Escape(Path.GetFullPath(disk.Path))}"]);
            arguments.AddRange(["-device", $"{disk.Device},drive={id},serial={id}{(disk.BootFirst ? ",bootindex=0" : "")}"]);
            index++;
        }

        if (options.EndAtReboot)
        {
            arguments.Add("-no-reboot");
        }

        if (options.StartPaused)
        {
            arguments.Add("-S");
        }

        return [.. arguments, .. options.ExtraArguments];
    }

    /// <summary>The tools see the tree's /usr in place of the host's.</summary>
    private static string ToolsPath(string pathInTree) => "/" + pathInTree;

    /// <summary>A path in an option of QEMU, where a comma would begin the next option.</summary>
    private static string Escape(string path) => path.Replace(",", ",,", StringComparison.Ordinal);
}
