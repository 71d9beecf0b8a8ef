using System;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.Efi;
using InitRuntime.Linux;
using InitRuntime.Storage.Failures;

namespace InitRuntime.Stages;

/// <summary>What EFI variables tell of this boot. All of it is a hint: what is booted is proved by its hash.</summary>
/// <param name="LoaderPartition">GUID of the partition the boot loader came from, or null.</param>
/// <param name="BootHardware">Where the firmware found it, or null.</param>
/// <param name="IsImageMeasured">Whether systemd-stub says that it measured this image into PCR 11 (StubPcrKernelImage, systemd-stub(7)).</param>
internal sealed record FirmwareState(Guid? LoaderPartition, EfiBootOption? BootHardware, bool IsImageMeasured)
{
    /// <summary>EFI_GLOBAL_VARIABLE. Source: UEFI 2.10 section 3.3.</summary>
    private static readonly Guid _globalVendor = new("8be4df61-93ca-11d2-aa0d-00e098032b8c");

    /// <summary>Mounts efivarfs and reads; a machine without EFI has none of it. Also finds the record of a failed boot before this one.</summary>
    internal static FirmwareState Read(BootJournal journal)
    {
        if (!KernelFile.Exists("/sys/firmware/efi"))
        {
            journal.Log.Write(Priority.Choice, "firmware: no EFI here: the boot disk is the one that has this image, and failed boots are not kept");
            return new(null, null, false);
        }

        Mount.FileSystem(
            "efivarfs", EfiVariables.Directory, "efivarfs", MountFlags.NoSetUid | MountFlags.NoExecute | MountFlags.NoDevices);
        journal.LastFailure = FailureStore.TryRead();
        if (journal.LastFailure is { Consecutive: > 0 } last)
        {
            Show(journal.Log, last);
        }

        return new(ReadLoaderPartition(), ReadBootOption(), ReadLoaderText("StubPcrKernelImage") == "11");
    }

    private static void Show(Kmsg log, FailureRecord last)
    {
        string image = last.ImageUuid is { } uuid ? $"image {uuid} {last.ImageVersion}" : "an image";
        string slot = last.Slot is null ? "" : $" (slot {last.Slot})";
        log.Write(
            Priority.Choice,
            string.Create(CultureInfo.InvariantCulture, $"the boot before this one failed: {image}{slot} at {last.Stage}: {last.Reason}"));
    }

    private static Guid? ReadLoaderPartition() =>
        Guid.TryParse(ReadLoaderText("LoaderDevicePartUUID"), out Guid partition) ? partition : null;

    private static string? ReadLoaderText(string name) =>
        EfiVariables.TryRead(name, EfiVendor.Loader) is { } bytes ? Encoding.Unicode.GetString(bytes).TrimEnd('\0') : null;

    private static EfiBootOption? ReadBootOption() =>
        EfiVariables.TryRead("BootCurrent", _globalVendor) is { Length: 2 } current
        && EfiVariables.TryRead($"Boot{BinaryPrimitives.ReadUInt16LittleEndian(current):X4}", _globalVendor) is { } option
        && EfiBootOption.TryParse(option, out EfiBootOption? parsed, out ParseError _)
            ? parsed
            : null;
}
