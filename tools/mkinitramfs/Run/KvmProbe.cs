using System;
using System.IO;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Run;

/// <summary>
/// Finds out whether KVM works here by running a guest with it, on the same kind of machine: some hosts have a /dev/kvm that
/// hangs, others one without the system management mode that Secure Boot needs.
/// </summary>
internal static class KvmProbe
{
    private const ushort ExitPort = 0xf4;

    /// <summary>What isa-debug-exit makes of the 1 that the guest writes: twice the value, plus one.</summary>
    private const int GuestHasRun = 3;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly object Gate = new();
    private static bool? _works;

    /// <summary>Whether a guest ran to its end with KVM, within ten seconds; asked once for each process.</summary>
    internal static bool Works(ToolsTree tools, IBuildLog log)
    {
        lock (Gate)
        {
            return _works ??= File.Exists("/dev/kvm") && Probe(tools, log);
        }
    }

    private static bool Probe(ToolsTree tools, IBuildLog log)
    {
        string disk = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(disk, BootSector());
            using OwnedProcess guest = OwnedProcess.Start(
                tools.Command(
                    "qemu-system-x86_64", "-accel", "kvm", "-cpu", "host", "-machine", VirtualMachine.MachineType, "-m", "16", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
                    "-device", $"isa-debug-exit,iobase=0x{ExitPort:x},iosize=0x04", "-drive", $"if=ide,format=raw,file={disk.Replace(",", ",,")}"),
                redirect: true,
                log);
            bool ended = guest.WaitForEnd(Limit);
            if (!ended)
            {
                guest.Kill();
            }

            return ended && guest.ExitCode == GuestHasRun;
        }
        finally
        {
            File.Delete(disk);
        }
    }

    /// <summary>A BIOS boot sector: mov al,1; out 0xf4,al; hlt.</summary>
    private static byte[] BootSector()
    {
        byte[] sector = new byte[512];
        ((ReadOnlySpan<byte>)[0xb0, 0x01, 0xe6, (byte)ExitPort, 0xf4]).CopyTo(sector);
        sector[510] = 0x55;
        sector[511] = 0xaa;
        return sector;
    }
}
