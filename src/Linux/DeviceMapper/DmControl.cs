using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Linux.DeviceMapper;

/// <summary>A part of a device-mapper device: one target over a range.</summary>
/// <param name="LengthInSectors">In 512-byte sectors; ranges follow each other from sector 0.</param>
/// <param name="Type">The kernel's name of the target: <c>verity</c>, <c>crypt</c>, <c>linear</c> ...</param>
/// <param name="Parameters">As on a dmsetup table line. Never a key.</param>
public sealed record DmTarget(long LengthInSectors, string Type, string Parameters);

/// <summary>What a device says of its table.</summary>
/// <param name="TargetType">The kernel's name of its first target; empty when no table is live.</param>
/// <param name="Text">What that target says, as <c>dmsetup status</c> shows it behind the target's name.</param>
public readonly record struct DmStatus(string TargetType, string Text);

/// <summary>The requests of /dev/mapper/control. Source: linux/dm-ioctl.h, drivers/md/dm-ioctl.c.</summary>
public sealed unsafe class DmControl : IDisposable
{
    private const byte Type = 0xfd;
    private const int BufferLength = 16 * 1024;
    private const uint ReadOnlyFlag = 1 << 0;
    private const uint SuspendFlag = 1 << 1;
    private const uint SkipLockFsFlag = 1 << 10;
    private const uint NoFlushFlag = 1 << 11;
    private const uint SecureDataFlag = 1 << 15;

    /// <summary>DM_UDEV_PRIMARY_SOURCE_FLAG in the high half of the event number; nobody waits on a semaphore.</summary>
    private const uint PrimarySourceCookie = 0x40 << 16;

    private static readonly Ioctl<DmIoctl> _create = new("DM_DEV_CREATE", IoctlDirection.ReadWrite, Type, 3);
    private static readonly Ioctl<DmIoctl> _remove = new("DM_DEV_REMOVE", IoctlDirection.ReadWrite, Type, 4);
    private static readonly Ioctl<DmIoctl> _suspend = new("DM_DEV_SUSPEND", IoctlDirection.ReadWrite, Type, 6);
    private static readonly Ioctl<DmIoctl> _load = new("DM_TABLE_LOAD", IoctlDirection.ReadWrite, Type, 9);
    private static readonly Ioctl<DmIoctl> _clear = new("DM_TABLE_CLEAR", IoctlDirection.ReadWrite, Type, 10);
    private static readonly Ioctl<DmIoctl> _status = new("DM_TABLE_STATUS", IoctlDirection.ReadWrite, Type, 12);
    private static readonly Ioctl<DmIoctl> _arm = new("DM_DEV_ARM_POLL", IoctlDirection.ReadWrite, Type, 16);

    private readonly SafeFileHandle _control = KernelFile.Open("/dev/mapper/control", write: true);
    private readonly byte* _buffer = (byte*)NativeMemory.AllocZeroed(BufferLength);

    /// <summary>Makes a device without a table.</summary>
    /// <param name="name">At most 127 bytes.</param>
    /// <param name="uuid">At most 128 bytes.</param>
    /// <returns>Its device number (major and minor).</returns>
    /// <exception cref="SyscallException">EBUSY: the name or UUID is taken.</exception>
    public (uint Major, uint Minor) Create(string name, string uuid)
    {
        DmIoctl* header = Header(name, 0);
        Copy(uuid, MemoryMarshal.CreateSpan(ref Unsafe.As<DmIoctl.UuidArray, byte>(ref header->Uuid), DmIoctl.UuidLength));
        _create.Call(_control, header, name);
        return Split(header->Device);
    }

    /// <summary>Loads a table into the inactive slot; <see cref="Resume"/> makes it live.</summary>
    /// <exception cref="SyscallException">EINVAL: the kernel refuses the parameters (its log says why).</exception>
    public void Load(string name, IReadOnlyList<DmTarget> targets, bool readOnly, bool secret = false)
    {
        ArgumentNullException.ThrowIfNull(targets);
        DmIoctl* header = Header(name, (readOnly ? ReadOnlyFlag : 0) | (secret ? SecureDataFlag : 0));
        header->TargetCount = (uint)targets.Count;
        int at = sizeof(DmIoctl);
        long sector = 0;
        foreach (DmTarget target in targets)
        {
            int textLength = Encoding.UTF8.GetByteCount(target.Parameters) + 1;
            int next = (sizeof(DmTargetSpec) + textLength + 7) & ~7;
            if (next > BufferLength - at)
            {
                throw new SyscallException(_load.Name, name, Errno.ENOMEM);
            }

            var spec = (DmTargetSpec*)(_buffer + at);
            spec->SectorStart = (ulong)sector;
            spec->Length = (ulong)target.LengthInSectors;
            spec->Next = (uint)next;
            Copy(target.Type, MemoryMarshal.CreateSpan(ref Unsafe.As<DmTargetSpec.TypeArray, byte>(ref spec->TargetType), DmTargetSpec.TypeLength));
            Encoding.UTF8.GetBytes(target.Parameters, new Span<byte>(_buffer + at + sizeof(DmTargetSpec), textLength - 1));
            at += next;
            sector += target.LengthInSectors;
        }

        _load.Call(_control, header, name);
    }

    /// <summary>Makes the loaded table live.</summary>
    public void Resume(string name)
    {
        DmIoctl* header = Header(name, 0);
        header->EventNumber = PrimarySourceCookie;
        _suspend.Call(_control, header, name);
    }

    /// <summary>Holds back I/O, without flushing and without freezing the file system above.</summary>
    public void Suspend(string name)
    {
        DmIoctl* header = Header(name, SuspendFlag | SkipLockFsFlag | NoFlushFlag);
        _suspend.Call(_control, header, name);
    }

    /// <summary>
    /// Holds back I/O once all that was under way has ended. A mounted file system is written out first and held at a point where it is
    /// whole: what a snapshot wants. <see cref="Resume"/> lets both go on.
    /// </summary>
    /// <exception cref="SyscallException">EIO: the file system could not be written out; nothing is held back.</exception>
    public void Freeze(string name)
    {
        DmIoctl* header = Header(name, SuspendFlag);
        _suspend.Call(_control, header, name);
    }

    /// <summary>Takes a loaded table that is not live away again.</summary>
    public void Clear(string name)
    {
        DmIoctl* header = Header(name, 0);
        _clear.Call(_control, header, name);
    }

    /// <summary>Removes a device that nobody uses.</summary>
    /// <exception cref="SyscallException">EBUSY: it is in use; ENXIO: there is none of that name.</exception>
    public void Remove(string name)
    {
        DmIoctl* header = Header(name, 0);
        header->EventNumber = PrimarySourceCookie;
        _remove.Call(_control, header, name);
    }

    /// <summary>The status text of a device's first target, as <c>dmsetup status</c> shows it behind the target's name.</summary>
    public string Status(string name) => StatusOf(name).Text;

    /// <summary>What a device says of its live table.</summary>
    /// <exception cref="SyscallException">ENXIO: there is no such device.</exception>
    public DmStatus StatusOf(string name)
    {
        DmIoctl* header = Header(name, 0);
        _status.Call(_control, header, name);
        if (header->TargetCount == 0 || header->DataStart > BufferLength - sizeof(DmTargetSpec))
        {
            return new("", "");
        }

        int at = (int)header->DataStart;
        var spec = (DmTargetSpec*)(_buffer + at);
        string type = Text(MemoryMarshal.CreateSpan(ref Unsafe.As<DmTargetSpec.TypeArray, byte>(ref spec->TargetType), DmTargetSpec.TypeLength));
        at += sizeof(DmTargetSpec);
        return new(type, Text(new ReadOnlySpan<byte>(_buffer + at, BufferLength - at)));
    }

    /// <summary>The same; null if there is no such device, or no live table.</summary>
    public DmStatus? TryStatusOf(string name)
    {
        try
        {
            return StatusOf(name) is { TargetType.Length: > 0 } status ? status : null;
        }
        catch (SyscallException e) when (e.Errno == Errno.ENXIO)
        {
            return null;
        }
    }

    /// <summary>
    /// Waits until something is so, which is looked at after each event of any device: a snapshot became invalid. A merge tells nothing while
    /// it goes on or when it ends. DM_DEV_WAIT has no deadline, so poll(2) waits on the control device instead.
    /// </summary>
    /// <returns>False: the deadline has passed.</returns>
    public bool WaitFor(Func<bool> condition, Deadline deadline)
    {
        ArgumentNullException.ThrowIfNull(condition);
        while (true)
        {
            // Armed first: an event after the look wakes the poll.
            _arm.Call(_control, Header("", 0), "/dev/mapper/control");
            if (condition())
            {
                return true;
            }

            if (!Poll.UntilReadable(_control, deadline))
            {
                return false;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Clear(_buffer, BufferLength);
        NativeMemory.Free(_buffer);
        _control.Dispose();
    }

    private DmIoctl* Header(string name, uint flags)
    {
        NativeMemory.Clear(_buffer, BufferLength);
        var header = (DmIoctl*)_buffer;
        header->VersionMajor = 4;
        header->DataSize = BufferLength;
        header->DataStart = (uint)sizeof(DmIoctl);
        header->Flags = flags;
        Copy(name, MemoryMarshal.CreateSpan(ref Unsafe.As<DmIoctl.NameArray, byte>(ref header->Name), DmIoctl.NameLength));
        return header;
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }

    private static void Copy(string text, Span<byte> field)
    {
        if (Encoding.UTF8.GetByteCount(text) >= field.Length)
        {
            throw new ArgumentException($"longer than {field.Length - 1} bytes", nameof(text));
        }

        Encoding.UTF8.GetBytes(text, field);
    }

    /// <summary>huge_encode_dev. Source: linux/kdev_t.h.</summary>
    private static (uint Major, uint Minor) Split(ulong device) =>
        ((uint)((device >> 8) & 0xfff), (uint)((device & 0xff) | ((device >> 12) & 0xfff00)));
}
