using System.IO;
using System.Threading;

namespace InitRuntime.Mkinitramfs.Host;

/// <summary>Keeps other processes out while a cache entry is being made.</summary>
internal static class FileLock
{
    /// <summary>Waits until this process alone holds <paramref name="path"/>; disposing gives it back.</summary>
    internal static FileStream Hold(string path)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                // .NET has no blocking lock; a cache entry takes a minute, so a short pause costs nothing.
                Thread.Sleep(200);
            }
        }
    }
}
