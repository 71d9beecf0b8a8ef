namespace InitRuntime.Linux;

/// <summary>English for error numbers, without libc's tables.</summary>
public static class ErrnoText
{
    /// <summary>For example <c>EIO (input/output error)</c>; the bare number where we have no words.</summary>
    public static string Describe(this Errno errno) => errno switch
    {
        Errno.None => "no error",
        Errno.EPERM => "EPERM (operation not permitted)",
        Errno.ENOENT => "ENOENT (no such file or directory)",
        Errno.EINTR => "EINTR (interrupted)",
        Errno.EIO => "EIO (input/output error)",
        Errno.ENXIO => "ENXIO (no such device or address)",
        Errno.ENOEXEC => "ENOEXEC (not made for this kernel)",
        Errno.ECHILD => "ECHILD (no child process)",
        Errno.EAGAIN => "EAGAIN (try again)",
        Errno.ENOMEM => "ENOMEM (out of memory)",
        Errno.EACCES => "EACCES (permission denied)",
        Errno.EBUSY => "EBUSY (busy)",
        Errno.EEXIST => "EEXIST (exists already)",
        Errno.EXDEV => "EXDEV (on another mount or file system)",
        Errno.ENODEV => "ENODEV (no such device)",
        Errno.ENOTDIR => "ENOTDIR (not a directory)",
        Errno.EISDIR => "EISDIR (is a directory)",
        Errno.EINVAL => "EINVAL (invalid argument)",
        Errno.ENOTTY => "ENOTTY (request not known there)",
        Errno.EFBIG => "EFBIG (too large)",
        Errno.ENOSPC => "ENOSPC (no space left)",
        Errno.EROFS => "EROFS (read-only)",
        Errno.EPIPE => "EPIPE (nobody reads)",
        Errno.ERANGE => "ERANGE (too long)",
        Errno.ENAMETOOLONG => "ENAMETOOLONG (name too long)",
        Errno.ENOSYS => "ENOSYS (not in this kernel)",
        Errno.ENOTEMPTY => "ENOTEMPTY (not empty)",
        Errno.ELOOP => "ELOOP (too many links)",
        Errno.ENODATA => "ENODATA (no such attribute)",
        Errno.EBADMSG => "EBADMSG (wrong checksum)",
        Errno.EOVERFLOW => "EOVERFLOW (more than fits)",
        Errno.ENOBUFS => "ENOBUFS (events lost)",
        Errno.EOPNOTSUPP => "EOPNOTSUPP (not supported)",
        Errno.ETIMEDOUT => "ETIMEDOUT (timed out)",
        Errno.ESTALE => "ESTALE (moved meanwhile)",
        Errno.EUCLEAN => "EUCLEAN (file system damaged)",
        Errno.ENOKEY => "ENOKEY (key not there)",
        Errno.EKEYREJECTED => "EKEYREJECTED (key rejected)",
        _ => $"errno {(int)errno}",
    };
}
