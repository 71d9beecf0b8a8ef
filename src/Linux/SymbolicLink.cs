using System;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>Symbolic links, read and replaced. To make one where none is: <see cref="KernelFile.MakeLink"/>.</summary>
public static unsafe class SymbolicLink
{
    /// <summary>PATH_MAX: no link is as long. Source: linux/limits.h.</summary>
    private const int LongestTarget = 4096;

    private const string Unfinished = ".initruntime-link";

    /// <summary>What a link holds, as it is written; null when the path is no link or nothing at all.</summary>
    /// <exception cref="SyscallException">EIO: it cannot be read; ELOOP: on the way to it.</exception>
    public static string? TryRead(string path)
    {
        byte* target = stackalloc byte[LongestTarget];
        fixed (byte* name = NativeText.Terminated(path))
        {
            long length = (long)readlink(name, target, LongestTarget);
            if (length < 0 && Syscall.LastErrno is Errno.EINVAL or Errno.ENOENT or Errno.ENOTDIR)
            {
                return null;
            }

            return NativeText.Decode(new ReadOnlySpan<byte>(target, (int)Syscall.Check(length, "readlink", path)));
        }
    }

    /// <summary>
    /// Makes a link in the place of a file or another link: at each moment the old one or the new one is there, after a loss of power
    /// too. Nothing is written when the link is right already.
    /// </summary>
    /// <param name="path">Where the link is to be.</param>
    /// <param name="target">What it holds.</param>
    /// <exception cref="SyscallException">EISDIR: a directory is there; ENOENT: there is none above it; EROFS; ENOSPC.</exception>
    public static void Replace(string path, string target)
    {
        if (TryRead(path) == target)
        {
            return;
        }

        (string parent, string name) = PathName.Split(path);
        string unfinished = $"{parent}/{Unfinished}";
        KernelFile.Remove(unfinished);
        KernelFile.MakeLink(unfinished, target);
        try
        {
            KernelFile.Rename(unfinished, $"{parent}/{name}");
        }
        catch
        {
            KernelFile.Remove(unfinished);
            throw;
        }
    }
}
