using System;

namespace InitRuntime.Volumes;

/// <summary>A volume's file system is damaged. The manifest says what follows.</summary>
internal sealed class DamagedVolumeException(string message, string device, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Its device.</summary>
    internal string Device { get; } = device;
}
