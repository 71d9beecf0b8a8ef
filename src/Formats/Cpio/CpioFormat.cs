namespace InitRuntime.Formats.Cpio;

/// <summary>The two forms of the "new ASCII" cpio. Source: Documentation/driver-api/early-userspace/buffer-format.rst.</summary>
public enum CpioFormat
{
    /// <summary>070701, without check sums: initramfs.</summary>
    Newc,

    /// <summary>070702, where each regular file has the sum of its bytes, modulo 2^32: SWUpdate's .swu.</summary>
    Crc,
}
