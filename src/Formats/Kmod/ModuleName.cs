using System;

namespace InitRuntime.Formats.Kmod;

/// <summary>Names of kernel modules, which have '-' and '_' in common.</summary>
public static class ModuleName
{
    /// <summary>The kernel's name of a module file: <c>kernel/drivers/md/dm-verity.ko.xz</c> is <c>dm_verity</c>.</summary>
    public static string FromPath(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        ReadOnlySpan<char> file = path.AsSpan(path.LastIndexOf('/') + 1);
        int extension = file.IndexOf(".ko", StringComparison.Ordinal);
        return Normalize(new string(extension < 0 ? file : file[..extension]));
    }

    /// <summary>The kernel's spelling: with underscores.</summary>
    public static string Normalize(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Replace('-', '_');
    }
}
