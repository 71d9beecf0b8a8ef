using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace InitRuntime.Formats.Efi;

/// <summary>One step of a device's place on PCI, from the root bridge on.</summary>
/// <param name="Device">PCI device number.</param>
/// <param name="Function">PCI function number.</param>
public readonly record struct PciStep(byte Device, byte Function);

/// <summary>
/// Where the firmware found what it started: the PCI steps of a <c>Boot####</c> variable's device path. It tells two disks apart
/// that carry the same partition table. Source: UEFI 2.10, sections 3.1.3 (EFI_LOAD_OPTION) and 10.3 (device paths).
/// </summary>
public sealed record EfiBootOption(IReadOnlyList<PciStep> PciPath)
{
    private const int LongestOption = 4096;
    private const byte HardwareType = 1;
    private const byte PciSubType = 1;
    private const byte EndType = 0x7f;
    private const int HeaderLength = 4;

    /// <summary>Reads the variable's data (without the four attribute bytes that efivarfs puts in front).</summary>
    public static bool TryParse(ReadOnlySpan<byte> data, [NotNullWhen(true)] out EfiBootOption? value, out ParseError error)
    {
        value = null;
        if (data.Length > LongestOption)
        {
            error = new($"longer than {LongestOption} bytes");
            return false;
        }

        var reader = new SpanReader(data);
        reader.Skip(sizeof(uint));
        int pathLength = reader.U16();
        while (!reader.Overrun && reader.U16() != 0)
        {
            // The description, for people, in UTF-16.
        }

        var path = new SpanReader(reader.Bytes(pathLength));
        var steps = new List<PciStep>();
        bool overrun = reader.Overrun;
        while (!overrun && path.Remaining > 0)
        {
            byte type = path.U8();
            byte subType = path.U8();
            int length = path.U16();
            if (type == EndType)
            {
                break;
            }

            ReadOnlySpan<byte> body = path.Bytes(length - HeaderLength);
            if (type == HardwareType && subType == PciSubType && body.Length == 2)
            {
                steps.Add(new(Device: body[1], Function: body[0]));
            }

            overrun = path.Overrun;
        }

        error = overrun ? new("cut short") : default;
        value = overrun ? null : new(steps);
        return !overrun;
    }

    /// <summary>Whether a device of sysfs lies there.</summary>
    /// <param name="sysfsPath">For example <c>/sys/devices/pci0000:00/0000:00:03.0/virtio1/block/vda</c>.</param>
    public bool Contains(string sysfsPath)
    {
        ArgumentNullException.ThrowIfNull(sysfsPath);
        int step = 0;
        foreach (Range range in sysfsPath.AsSpan().Split('/'))
        {
            if (TryParseAddress(sysfsPath.AsSpan()[range], out PciStep found))
            {
                if (step >= PciPath.Count || PciPath[step] != found)
                {
                    return false;
                }

                step++;
            }
        }

        return step == PciPath.Count && step > 0;
    }

    /// <summary>Reads <c>0000:00:03.0</c>: domain, bus, device, function, all hexadecimal.</summary>
    private static bool TryParseAddress(ReadOnlySpan<char> name, out PciStep step)
    {
        const int Length = 12;
        const int BusAt = 4;
        const int DeviceAt = 7;
        const int FunctionAt = 10;
        step = default;
        if (name.Length != Length || name[BusAt] != ':' || name[DeviceAt] != ':' || name[FunctionAt] != '.'
            || !byte.TryParse(name[(DeviceAt + 1)..FunctionAt], NumberStyles.AllowHexSpecifier, null, out byte device)
            || !byte.TryParse(name[(FunctionAt + 1)..], NumberStyles.AllowHexSpecifier, null, out byte function))
        {
            return false;
        }

        step = new(device, function);
        return true;
    }
}
