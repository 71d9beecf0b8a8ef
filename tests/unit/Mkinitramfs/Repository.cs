using System;
using System.IO;
using InitRuntime.Mkinitramfs.Initramfs;

namespace InitRuntime.Unit.Mkinitramfs;

/// <summary>The source tree that these tests were built from.</summary>
internal static class Repository
{
    internal static string Root { get; } = Find();

    /// <summary>Where ./initruntime leaves a program of the device.</summary>
    internal static string Built(DeviceProgram program) => Path.Combine(Root, "out", program.Name);

    private static string Find()
    {
        for (string? directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (File.Exists(Path.Combine(directory, "InitRuntime.sln")))
            {
                return directory;
            }
        }

        throw new InvalidOperationException($"no InitRuntime.sln above {AppContext.BaseDirectory}");
    }
}
