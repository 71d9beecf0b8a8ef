using System;
using System.Globalization;
using InitRuntime.Crypto;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.Verity;
using InitRuntime.Linux;
using InitRuntime.Linux.DeviceMapper;
using InitRuntime.Storage.DeviceMapper;
using InitRuntime.Storage.Devices;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Storage.Verity;

/// <summary>
/// The root device under dm-verity. It is opened so that a changed block fails the read: then /init itself can say what happened
/// and fall back at once. Once the root is mounted, <see cref="Enforce"/> gives the policy of the manifest to the running system.
/// </summary>
public static class VerityRoot
{
    private const string Name = "root";
    private const string SignatureDescription = "initruntime:roothash";
    private const int LongestSignature = 64 * 1024;

    /// <summary>Checks the tree's top block against the root hash, then makes the device.</summary>
    /// <exception cref="BootException">The root hash differs, or the kernel refuses the table.</exception>
    public static MappedDevice Open(DmControl control, BlockDevice partition, Guid imageUuid, VeritySettings settings)
    {
        ArgumentNullException.ThrowIfNull(control);
        ArgumentNullException.ThrowIfNull(partition);
        ArgumentNullException.ThrowIfNull(settings);
        CheckRootHash(partition, settings);
        AddSignature(settings);
        DmTarget target = Target(partition, settings with { OnCorruption = CorruptionPolicy.Eio }, panicOnErrorAvailable: false);
        try
        {
            return MappedDevice.Activate(control, Name, $"CRYPT-VERITY-{imageUuid:N}-{Name}", target, readOnly: true);
        }
        catch (SyscallException e)
        {
            throw new BootException($"the kernel refuses the verity table: {e.Message}", partition.Path, "the kernel's lines above say why", e);
        }
    }

    /// <summary>Whether the kernel met a changed or unreadable block so far.</summary>
    public static bool IsCorrupted(DmControl control)
    {
        ArgumentNullException.ThrowIfNull(control);
        return control.Status(Name).StartsWith('C');
    }

    /// <summary>Makes the manifest's policy live: from here on the kernel acts on a changed block by itself.</summary>
    /// <exception cref="SyscallException">The kernel refuses the table.</exception>
    public static void Enforce(DmControl control, BlockDevice partition, VeritySettings settings)
    {
        ArgumentNullException.ThrowIfNull(control);
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.OnCorruption == CorruptionPolicy.Eio)
        {
            return;
        }

        try
        {
            control.Load(Name, [Target(partition, settings, panicOnErrorAvailable: true)], readOnly: true);
        }
        catch (SyscallException e) when (e.Errno == Errno.EINVAL)
        {
            // Before Linux 6.12 the target has no panic_on_error; a read error then stays a read error.
            control.Load(Name, [Target(partition, settings, panicOnErrorAvailable: false)], readOnly: true);
        }

        control.Suspend(Name);
        control.Resume(Name);
    }

    private static DmTarget Target(BlockDevice partition, VeritySettings settings, bool panicOnErrorAvailable) => new(
        VerityTable.LengthInSectors(settings),
        VerityTable.TargetType,
        VerityTable.Parameters(
            settings, partition.Path, panicOnErrorAvailable, settings.RootHashSignature is null ? null : SignatureDescription));

    private static void CheckRootHash(BlockDevice partition, VeritySettings settings)
    {
        if (!VerityGeometry.TryCreate(settings, out VerityGeometry? geometry, out ParseError error))
        {
            throw new BootException($"verity settings: {error}");
        }

        byte[] top = new byte[geometry.TopBlockLength];
        int found;
        using (SafeFileHandle device = KernelFile.Open(partition.Path))
        {
            found = KernelFile.ReadAt(device, geometry.TopBlockOffset, top, partition.Path);
        }

        if (found < top.Length)
        {
            throw new BootException($"partition too small: the verity tree needs {geometry.TotalLength} bytes", partition.Path);
        }

        byte[] digest = new byte[geometry.Algorithm.LengthInBytes()];
        VerityTree.HashBlock(new Digest(geometry.Algorithm), Convert.FromHexString(settings.Salt), top, digest);
        string actual = Convert.ToHexStringLower(digest);
        if (!string.Equals(actual, settings.RootHash, StringComparison.Ordinal))
        {
            throw new BootException(
                string.Create(CultureInfo.InvariantCulture, $"root hash differs: expected {settings.RootHash}, found {actual}"),
                partition.Path,
                "the root partition was changed after the image was made, or was not written whole");
        }
    }

    private static void AddSignature(VeritySettings settings)
    {
        if (settings.RootHashSignature is { } path)
        {
            Keyring.Add("user", SignatureDescription, KernelFile.ReadAll(path, LongestSignature));
        }
    }
}
