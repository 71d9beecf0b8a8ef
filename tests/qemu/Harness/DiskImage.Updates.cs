using System;
using System.Globalization;
using System.IO;
using System.Linq;
using InitRuntime.Formats;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Mkinitramfs.Build;

namespace InitRuntime.Qemu.Harness;

/// <summary>What an updater does to the disk, here done while the machine is off: to the disk as the guest left it.</summary>
internal sealed partial class DiskImage
{
    private static readonly string[] _rootSlots = ["root-a", "root-b"];
    private static readonly string[] _bootSlots = ["BOOT0", "BOOT1"];

    /// <summary>
    /// Installs an image into a slot, and has the loader start it on trial at the next boot. As EFI Boot Guard's own library does, the
    /// slot's environment begins as a copy of the newest one.
    /// </summary>
    /// <param name="image">Made for the same partitions.</param>
    /// <param name="slot"><c>root-a</c> or <c>root-b</c>; not the one that the newest environment boots.</param>
    internal DiskImage InstallAsGuestLeftIt(BuiltImage image, string slot)
    {
        string label = _bootSlots[Array.IndexOf(_rootSlots, slot)];
        (string newest, BootGuardEnvironment environment) = NewestEnvironmentAsGuestLeftIt();
        if (newest == label)
        {
            throw new InvalidOperationException($"{slot} is the slot of the newest environment: an updater would take the other one");
        }

        WriteAsGuestLeftIt(slot, 0, image[Artefacts.Root]);
        string file = EnvironmentFile(newest);
        SetEnvironment(
            file, $"--kernel=C:{label}:{Artefacts.Uki}", "--args=", "--in_progress=0", "--ustate=INSTALLED",
            string.Create(CultureInfo.InvariantCulture, $"--revision={environment.Revision + 1}"));
        return ChangeFatAsGuestLeftIt(label, fat =>
        {
            CopyIn(fat, image[Artefacts.Uki], Artefacts.Uki);
            CopyIn(fat, file, BootGuardEnvironment.FileName);
        });
    }

    /// <summary>Confirms the image that the newest environment boots: it is on trial no longer.</summary>
    internal DiskImage ConfirmAsGuestLeftIt() => SetEnvironmentAsGuestLeftIt(NewestEnvironmentAsGuestLeftIt().Label, "--confirm");

    /// <summary>
    /// Takes the newest environment out of the choice, as EFI Boot Guard does when it finds that an image on trial was not confirmed: the
    /// next boot is the other slot's.
    /// </summary>
    internal DiskImage RollBackAsGuestLeftIt() =>
        SetEnvironmentAsGuestLeftIt(NewestEnvironmentAsGuestLeftIt().Label, "--ustate=FAILED", "--revision=0");

    /// <summary>Changes an environment with the loader's own tool; what is not named stays.</summary>
    /// <param name="label">BOOT0 or BOOT1.</param>
    /// <param name="arguments">Of <c>bg_setenv</c>.</param>
    internal DiskImage SetEnvironmentAsGuestLeftIt(string label, params string[] arguments)
    {
        string file = EnvironmentFile(label);
        SetEnvironment(file, arguments);
        return ReplaceFileAsGuestLeftIt(label, BootGuardEnvironment.FileName, file);
    }

    /// <summary>The environment that the loader goes by, and its partition.</summary>
    internal (string Label, BootGuardEnvironment Environment) NewestEnvironmentAsGuestLeftIt()
    {
        BootGuardEnvironment?[] environments = [.. _bootSlots.Select(EnvironmentAsGuestLeftIt)];
        int newest = BootGuardEnvironment.IndexOfLatest(environments);
        return newest < 0 ? throw new InvalidDataException("no environment can be read") : (_bootSlots[newest], environments[newest]!);
    }

    /// <summary>An environment; null if it is damaged.</summary>
    internal BootGuardEnvironment? EnvironmentAsGuestLeftIt(string label) => BootGuardEnvironment.TryParse(
        ReadFileAsGuestLeftIt(label, BootGuardEnvironment.FileName), out BootGuardEnvironment? environment, out ParseError _) ? environment : null;

    /// <summary>A file of a FAT partition, on the disk as the guest left it.</summary>
    internal byte[] ReadFileAsGuestLeftIt(string label, string name)
    {
        string fat = ExtractAsGuestLeftIt(label);
        byte[] content = Mtools("mcopy", "-i", fat, $"::{name}", "-").Run(Quiet);
        File.Delete(fat);
        return content;
    }

    /// <summary>Replaces a file of a FAT partition, on the disk as the guest left it.</summary>
    internal DiskImage ReplaceFileAsGuestLeftIt(string label, string name, string file) =>
        ChangeFatAsGuestLeftIt(label, fat => CopyIn(fat, file, name));

    private static void CopyIn(string fat, string file, string name) => Mtools("mcopy", "-o", "-i", fat, file, $"::{name}").Run(Quiet);

    private static void SetEnvironment(string file, params string[] arguments) =>
        Images.Tools.Run("bg_setenv", [$"--filepath={file}", "--preserve", .. arguments]);

    /// <summary>A copy of an environment, for the loader's tools.</summary>
    private string EnvironmentFile(string label)
    {
        string file = System.IO.Path.Combine(Directory, $"{label}.{BootGuardEnvironment.FileName}");
        File.WriteAllBytes(file, ReadFileAsGuestLeftIt(label, BootGuardEnvironment.FileName));
        return file;
    }

    private DiskImage ChangeFatAsGuestLeftIt(string label, Action<string> change)
    {
        string fat = ExtractAsGuestLeftIt(label);
        change(fat);
        WriteAsGuestLeftIt(label, 0, fat);
        File.Delete(fat);
        return this;
    }

    /// <summary>A partition as the guest left it, as a file of its own.</summary>
    private string ExtractAsGuestLeftIt(string label)
    {
        string file = System.IO.Path.Combine(Directory, $"{label}.img");
        string source = string.Create(
            CultureInfo.InvariantCulture,
            $"driver=raw,offset={OffsetOf(label)},size={LengthOf(label)},file.driver=qcow2,file.file.driver=file,file.file.filename={GuestDisk.Replace(",", ",,", StringComparison.Ordinal)}");
        Images.Tools.Run("qemu-img", "convert", "--image-opts", "-O", "raw", source, file);
        return file;
    }
}
