using System;

namespace InitRuntime.Formats.Luks2;

/// <summary>Options of dm-crypt that the volume's owner keeps in the header; unknown ones are optional. Source: LUKS2 specification, 3.6.</summary>
[Flags]
public enum Luks2Options
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary><c>allow-discards</c>: discards reach the disk.</summary>
    AllowDiscards = 1 << 0,

    /// <summary><c>same-cpu-crypt</c>: encrypt on the CPU that asked.</summary>
    SameCpuCrypt = 1 << 1,

    /// <summary><c>submit-from-crypt-cpus</c>: write from the thread that encrypted.</summary>
    SubmitFromCryptCpus = 1 << 2,

    /// <summary><c>no-read-workqueue</c>: decrypt without a queue.</summary>
    NoReadWorkqueue = 1 << 3,

    /// <summary><c>no-write-workqueue</c>: encrypt without a queue.</summary>
    NoWriteWorkqueue = 1 << 4,
}
