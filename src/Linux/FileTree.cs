using System;
using System.Collections.Generic;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>
/// Removes what an unknown hand may have filled. Each step is relative to a directory that is held open, follows no link and enters no
/// other mount, so that nothing which is moved or swapped meanwhile leads it elsewhere. The depth costs memory, not descriptors or stack.
/// </summary>
public static unsafe class FileTree
{
    /// <summary>After so many removed entries the caller hears of it.</summary>
    public const int EntriesBetweenSteps = 1000;

    /// <summary>So many directories of one directory are remembered before they are entered; then it is read again.</summary>
    private const int MostRemembered = 1024;

    /// <summary>Removes a file, link or directory with all that is below; what is not there is fine.</summary>
    /// <param name="path">Links on the way to it are followed, it itself is not.</param>
    /// <param name="step">Called after each <see cref="EntriesBetweenSteps"/> entries, to feed a watchdog.</param>
    /// <exception cref="ArgumentException">The path is a root, or ends in <c>.</c> or <c>..</c>.</exception>
    /// <exception cref="SyscallException">
    /// EXDEV: it is or holds a mount, or holds a subvolume; EBUSY: a file in it is one; ESTALE, ENOENT: a directory was moved or removed
    /// meanwhile; EPERM: something is marked immutable; EROFS; EIO. What was removed until then is gone.
    /// </exception>
    public static void Remove(string path, Action? step = null)
    {
        (string parent, string name) = PathName.Split(path);
        if (FileStatus.TryOf($"{parent}/{name}") is not { } found)
        {
            return;
        }

        using SafeFileHandle above = KernelFile.OpenDirectory(parent);
        using var removal = new Removal(above, parent, step);
        byte[] top = NativeText.Terminated(name);
        if (found.Kind == FileKind.Directory)
        {
            removal.RemoveTree(top);
        }
        else
        {
            removal.Unlink(top, 0);
        }
    }

    /// <summary>A directory between the top and where the removal is.</summary>
    private sealed record Level(byte[] Name, FileStatus Status)
    {
        /// <summary>Directories in it that are still to be entered.</summary>
        internal Queue<byte[]> Remaining { get; } = new();
    }

    /// <summary>Where the removal is. It holds that directory and the one above the top, no other.</summary>
    private sealed class Removal : IDisposable
    {
        private readonly DirectoryReader _reader = new();
        private readonly List<Level> _levels = [];
        private readonly SafeFileHandle _above;
        private readonly string _parent;
        private readonly Action? _step;
        private SafeFileHandle _here;
        private long _removed;

        internal Removal(SafeFileHandle above, string parent, Action? step) => (_above, _here, _parent, _step) = (above, above, parent, step);

        public void Dispose() => MoveTo(_above);

        internal void RemoveTree(byte[] top)
        {
            Enter(top);
            while (_levels.Count > 0)
            {
                Level level = _levels[^1];
                if (level.Remaining.TryDequeue(out byte[]? name))
                {
                    Enter(name);
                }
                else if (!RemoveFiles(level))
                {
                    Leave(level);
                }
            }
        }

        /// <param name="name">In the directory where the removal is, ended by NUL.</param>
        /// <param name="flags">AT_REMOVEDIR or 0.</param>
        /// <returns>False: it was not there.</returns>
        internal bool Unlink(ReadOnlySpan<byte> name, int flags)
        {
            fixed (byte* entry = name)
            {
                int result = unlinkat(Here, entry, flags);
                if (result < 0)
                {
                    return Syscall.LastErrno == Errno.ENOENT ? false : throw Failed("unlinkat", Syscall.LastErrno, name);
                }
            }

            if (++_removed % EntriesBetweenSteps == 0)
            {
                _step?.Invoke();
            }

            return true;
        }

        private int Here => (int)_here.DangerousGetHandle();

        /// <summary>Goes down into a directory.</summary>
        private void Enter(byte[] name)
        {
            SafeFileHandle child = Open(name);
            FileStatus status = FileStatus.Of(child, _parent);
            if (_levels.Count > 0 && Device(status) != Device(_levels[0].Status))
            {
                child.Dispose();
                throw Failed("openat2", Errno.EXDEV, name);
            }

            MoveTo(child);
            _levels.Add(new(name, status));
        }

        /// <summary>Goes up again, and removes the directory that is now empty.</summary>
        private void Leave(Level left)
        {
            _levels.RemoveAt(_levels.Count - 1);
            if (_levels.Count == 0)
            {
                MoveTo(_above);
            }
            else
            {
                MoveTo(Open("..\0"u8));
                FileStatus status = FileStatus.Of(_here, _parent);
                if (Device(status) != Device(_levels[^1].Status) || status.Inode != _levels[^1].Status.Inode)
                {
                    throw Failed("openat2", Errno.ESTALE, left.Name);
                }
            }

            if (!Unlink(left.Name, AT_REMOVEDIR))
            {
                throw Failed("unlinkat", Errno.ENOENT, left.Name);
            }
        }

        /// <summary>Removes all but directories, and remembers those.</summary>
        /// <returns>Whether there was anything. A damaged file system may show what cannot be removed; that is nothing, else it had no end.</returns>
        private bool RemoveFiles(Level level)
        {
            bool any = false;
            _reader.Rewind(_here, _parent);
            while (level.Remaining.Count < MostRemembered && _reader.Next(_here, _parent, out ReadOnlySpan<byte> name, out FileKind? kind))
            {
                fixed (byte* entry = name)
                {
                    kind ??= FileStatus.TryOf(Here, entry, _parent)?.Kind;
                }

                if (kind == FileKind.Directory)
                {
                    level.Remaining.Enqueue([.. name, 0]);
                    any = true;
                }
                else
                {
                    any |= Unlink(name, 0);
                }
            }

            return any;
        }

        private SafeFileHandle Open(ReadOnlySpan<byte> name)
        {
            var how = new open_how
            {
                flags = (ulong)(O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
            };
            fixed (byte* entry = name)
            {
                int fd = openat2(Here, entry, &how, sizeof(open_how));
                return fd >= 0 ? new(fd, ownsHandle: true) : throw Failed("openat2", Syscall.LastErrno, name);
            }
        }

        private void MoveTo(SafeFileHandle directory)
        {
            if (_here != _above)
            {
                _here.Dispose();
            }

            _here = directory;
        }

        private SyscallException Failed(string call, Errno errno, ReadOnlySpan<byte> name)
        {
            var subject = new StringBuilder(_parent);
            foreach (Level level in _levels)
            {
                subject.Append('/').Append(NativeText.Decode(WithoutNul(level.Name)));
            }

            return new(call, subject.Append('/').Append(NativeText.Decode(WithoutNul(name))).ToString(), errno);
        }

        private static ReadOnlySpan<byte> WithoutNul(ReadOnlySpan<byte> name) => name.IndexOf((byte)0) is >= 0 and int end ? name[..end] : name;

        private static (uint Major, uint Minor) Device(FileStatus status) => (status.DeviceMajor, status.DeviceMinor);
    }
}
