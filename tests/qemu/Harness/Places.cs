using System;
using System.IO;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Qemu.Harness;

/// <summary>Directories of these tests.</summary>
internal static class Places
{
    /// <summary>The directory of the solution, above this program.</summary>
    internal static string Repository { get; } = FindRepository();

    /// <summary>Built images and the keys they are signed with, kept between runs and outside the work tree.</summary>
    internal static string Cache { get; } = Path.Combine(CacheDirectory.Path, "qemu-tests");

    /// <summary>What a test makes. Its console log stays there.</summary>
    internal static string OfTest(string name) => Path.Combine(Repository, "out", "qemu", name);

    private static string FindRepository()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "InitRuntime.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException($"no InitRuntime.sln above {AppContext.BaseDirectory}");
    }
}
