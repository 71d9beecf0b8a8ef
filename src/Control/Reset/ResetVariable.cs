using System;
using InitRuntime.Formats.Efi;
using InitRuntime.Formats.FactoryReset;
using InitRuntime.Linux;

namespace InitRuntime.Control.Reset;

/// <summary>The EFI variable that asks the next boot for a factory reset.</summary>
internal static class ResetVariable
{
    private const string Firmware = "/sys/firmware/efi";

    /// <summary>Whether it can be written.</summary>
    /// <exception cref="ControlException">This machine keeps no such variables, or not for us.</exception>
    internal static void CheckWritable()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new ControlException("only root can ask for a factory reset", "run it as root");
        }

        if (!KernelFile.Exists(Firmware))
        {
            throw new ControlException("this machine was not started by EFI, whose variables keep the request", "without them there is no request from the running system");
        }

        if (MountTable.Find(MountTable.Read(), EfiVariables.Directory)?.Type != "efivarfs")
        {
            throw new ControlException($"{EfiVariables.Directory} is not mounted", $"mount -t efivarfs efivarfs {EfiVariables.Directory}");
        }
    }

    /// <summary>Writes a request; it takes the place of one that is there.</summary>
    /// <exception cref="ControlException">The firmware does not take it.</exception>
    internal static void Write(ReadOnlySpan<byte> request)
    {
        try
        {
            EfiVariables.Write(ResetRequestJson.VariableName, EfiVendor.InitRuntime, request);
        }
        catch (SyscallException e)
        {
            throw new ControlException($"the request is not kept: {e.Message}", HintFor(e.Errno), e);
        }
    }

    /// <summary>Takes the request back; false if there was none.</summary>
    /// <exception cref="ControlException">The firmware does not remove it.</exception>
    internal static bool Remove()
    {
        if (EfiVariables.TryRead(ResetRequestJson.VariableName, EfiVendor.InitRuntime) is null)
        {
            return false;
        }

        try
        {
            EfiVariables.Remove(ResetRequestJson.VariableName, EfiVendor.InitRuntime);
            return true;
        }
        catch (SyscallException e)
        {
            throw new ControlException($"the request is not removed: {e.Message}", HintFor(e.Errno), e);
        }
    }

    private static string? HintFor(Errno errno) => errno switch
    {
        Errno.ENOSPC => "the firmware's store of variables is full",
        Errno.EROFS or Errno.EACCES or Errno.EPERM => $"is {EfiVariables.Directory} mounted read-only, or the kernel locked down?",
        _ => null,
    };
}
