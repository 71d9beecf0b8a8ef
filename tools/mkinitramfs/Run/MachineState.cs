using System;
using System.Globalization;
using System.IO;
using System.Security.Cryptography;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Signing;

namespace InitRuntime.Mkinitramfs.Run;

/// <summary>What a virtual machine changes while it runs: an overlay over the disk image, firmware variables, the TPM.</summary>
internal sealed class MachineState
{
    private readonly string _directory;

    private MachineState(string directory) => _directory = directory;

    /// <summary>The disk as the guest sees it (qcow2): the image below, the guest's writes here.</summary>
    internal string Disk => Path.Combine(_directory, "disk.qcow2");

    /// <summary>The firmware's variable store.</summary>
    internal string Variables => Path.Combine(_directory, "variables.fd");

    /// <summary>Of swtpm, which wants an absolute path.</summary>
    internal string TpmDirectory => Path.Combine(_directory, "tpm");

    internal string TpmLog => Path.Combine(_directory, "swtpm.log");

    /// <summary>All that came over the serial line, of every run.</summary>
    internal string SerialLog => Path.Combine(_directory, "serial.log");

    private string Origin => Path.Combine(_directory, "origin");

    /// <summary>The state of an earlier run, or a new one where there is none or the image or its keys have changed since.</summary>
    internal static MachineState Open(MachineOptions options, ToolsTree tools, IBuildLog log)
    {
        var state = new MachineState(Path.GetFullPath(options.StateDirectory));
        string disk = Path.GetFullPath(options.Disk);
        string origin = Describe(disk, options.Keys);
        if (File.Exists(state.Origin) && File.ReadAllText(state.Origin) == origin)
        {
            return state;
        }

        if (Directory.Exists(state._directory))
        {
            log.Note("the disk image is a new one: the machine starts with an empty state");
            state.Remove();
        }

        Directory.CreateDirectory(state._directory);
        tools.Run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", disk, state.Disk);
        FirmwareVariables.Make(tools, options.Keys, state.Variables);
        if (options.HasTpm)
        {
            MakeTpm(state._directory, tools);
        }

        // Last: without it, all the rest counts for nothing.
        File.WriteAllText(state.Origin, origin);
        return state;
    }

    /// <summary>Has the next machine of a directory start with an empty state; there need not have been one.</summary>
    internal static void Forget(string stateDirectory)
    {
        var state = new MachineState(Path.GetFullPath(stateDirectory));
        if (Directory.Exists(state._directory))
        {
            // What does not belong to any disk is made anew.
            File.Delete(state.Origin);
        }
    }

    /// <summary>Puts a new TPM into a machine that does not run, in place of one that it may have.</summary>
    internal static void MakeTpm(string stateDirectory, ToolsTree tools)
    {
        var state = new MachineState(Path.GetFullPath(stateDirectory));
        if (Directory.Exists(state.TpmDirectory))
        {
            Directory.Delete(state.TpmDirectory, recursive: true);
        }

        Directory.CreateDirectory(state.TpmDirectory);
        // One bank, as on current hardware: each further one costs the firmware time.
        tools.Run("swtpm_setup", "--tpm2", "--tpmstate", state.TpmDirectory, "--pcr-banks", "sha256", "--logfile", state.TpmLog, "--not-overwrite");
    }

    /// <summary>Says that a state, copied from another machine, belongs to this disk and these keys.</summary>
    internal static void Adopt(string stateDirectory, string disk, string keys)
    {
        var state = new MachineState(Path.GetFullPath(stateDirectory));
        File.WriteAllText(state.Origin, Describe(Path.GetFullPath(disk), keys));
    }

    /// <summary>Removes what this class made, and nothing else.</summary>
    private void Remove()
    {
        foreach (string file in (string[])[Origin, Disk, Variables, TpmLog, SerialLog])
        {
            File.Delete(file);
        }

        if (Directory.Exists(TpmDirectory))
        {
            Directory.Delete(TpmDirectory, recursive: true);
        }
    }

    private static string Describe(string disk, string keys)
    {
        var info = new FileInfo(disk);
        if (!info.Exists)
        {
            throw new BuildException($"{disk} does not exist", "make it with: initruntime build MANIFEST -o DIR");
        }

        byte[] certificate = File.ReadAllBytes(Path.Combine(keys, "db.crt"));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{disk}\n{info.Length}\n{info.LastWriteTimeUtc.Ticks}\n{Convert.ToHexStringLower(SHA256.HashData(certificate))}\n");
    }
}
