using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Run;

namespace InitRuntime.Qemu.Harness;

/// <summary>The TPM of a machine that is switched off, for Debian's own tools.</summary>
internal static class OfflineTpm
{
    /// <summary>The socket's file is there a moment before anybody answers.</summary>
    private static bool Listens(string path)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Runs one of the tpm2-tools on it.</summary>
    internal static void Run(DiskImage disk, string tool, params string[] arguments)
    {
        var log = new PlainLog(TextWriter.Null, showCommands: false);
        DirectoryInfo sockets = Directory.CreateTempSubdirectory("irtpm-");
        string socket = Path.Combine(sockets.FullName, "tpm");
        try
        {
            HostCommand server = Images.Tools.Command(
                "swtpm", "socket", "--tpm2", "--tpmstate", $"dir={Path.Combine(disk.MachineDirectory, "tpm")}", "--server", $"type=unixio,path={socket}",
                "--ctrl", $"type=unixio,path={socket}.ctrl", "--flags", "not-need-init,startup-clear");
            using (OwnedProcess process = OwnedProcess.Start(server, redirect: true, log))
            {
                while (!Listens(socket) && !process.HasEnded)
                {
                    System.Threading.Thread.Sleep(10);
                }

                HostCommand command = Images.Tools.Command(tool, arguments);
                var environment = new Dictionary<string, string>(command.Environment) { ["TPM2TOOLS_TCTI"] = $"swtpm:path={socket}" };
                (command with { Environment = environment }).Run(log);
                process.WaitForEnd(TimeSpan.FromSeconds(1));
            }
        }
        finally
        {
            sockets.Delete(recursive: true);
        }
    }
}
