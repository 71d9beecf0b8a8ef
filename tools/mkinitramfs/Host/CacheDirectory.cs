using System;

namespace InitRuntime.Mkinitramfs.Host;

/// <summary>Where made things are kept between builds: <c>$INITRUNTIME_CACHE</c>, else <c>$XDG_CACHE_HOME/initruntime</c>.</summary>
internal static class CacheDirectory
{
    internal static string Path { get; } = Find();

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("INITRUNTIME_CACHE") is { Length: > 0 } own)
        {
            return System.IO.Path.GetFullPath(own);
        }

        string home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg
            ? xdg
            : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return System.IO.Path.Combine(home, "initruntime");
    }
}
