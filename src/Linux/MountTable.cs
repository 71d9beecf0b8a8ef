using System;
using System.Collections.Generic;
using System.Text;

namespace InitRuntime.Linux;

/// <summary>Something that is mounted.</summary>
/// <param name="MountPoint">Absolute path.</param>
/// <param name="Type">The kernel's name of the file system.</param>
/// <param name="Source">Its device, or what stands for it.</param>
/// <param name="Root">What of the file system is shown there: <c>/</c> for all of it; a subvolume has its path.</param>
public sealed record MountedFileSystem(string MountPoint, string Type, string Source, string Root);

/// <summary>What is mounted where, as this process sees it. Source: proc_pid_mountinfo(5).</summary>
public static class MountTable
{
    private const string Path = "/proc/self/mountinfo";
    private const int LongestTable = 16 << 20;

    /// <summary>Fields before the optional ones, which end with a dash: ID, parent, device, root, mount point, options.</summary>
    private const int FirstFields = 6;

    /// <summary>All mounts, in the order in which they were made.</summary>
    /// <exception cref="SyscallException">ENOENT: there is no /proc.</exception>
    public static IReadOnlyList<MountedFileSystem> Read() => Parse(Encoding.UTF8.GetString(KernelFile.ReadAll(Path, LongestTable)));

    /// <summary>What is seen at a mount point: the last one mounted there. Null if nothing is.</summary>
    public static MountedFileSystem? Find(IReadOnlyList<MountedFileSystem> mounts, string mountPoint)
    {
        ArgumentNullException.ThrowIfNull(mounts);
        for (int i = mounts.Count - 1; i >= 0; i--)
        {
            if (mounts[i].MountPoint == mountPoint)
            {
                return mounts[i];
            }
        }

        return null;
    }

    /// <summary>Lines that are none of the kernel's are passed over.</summary>
    internal static IReadOnlyList<MountedFileSystem> Parse(string text)
    {
        var mounts = new List<MountedFileSystem>();
        foreach (string line in text.Split('\n'))
        {
            string[] fields = line.Split(' ');
            int dash = fields.Length > FirstFields ? Array.IndexOf(fields, "-", FirstFields) : -1;
            if (dash >= 0 && dash + 2 < fields.Length)
            {
                mounts.Add(new(Plain(fields[4]), Plain(fields[dash + 1]), Plain(fields[dash + 2]), Plain(fields[3])));
            }
        }

        return mounts;
    }

    /// <summary>Space, tab, line end and backslash are <c>\ooo</c>, in octal. Source: mangle_path in fs/seq_file.c.</summary>
    private static string Plain(string field)
    {
        if (!field.Contains('\\'))
        {
            return field;
        }

        var text = new StringBuilder(field.Length);
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length && IsOctal(field[i + 1]) && IsOctal(field[i + 2]) && IsOctal(field[i + 3]))
            {
                text.Append((char)(((field[i + 1] - '0') << 6) | ((field[i + 2] - '0') << 3) | (field[i + 3] - '0')));
                i += 3;
            }
            else
            {
                text.Append(field[i]);
            }
        }

        return text.ToString();
    }

    private static bool IsOctal(char c) => c is >= '0' and <= '7';
}
