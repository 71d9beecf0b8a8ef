namespace InitRuntime.Linux;

/// <summary>The error numbers that callers branch on or that deserve words. Source: asm-generic/errno-base.h, errno.h.</summary>
public enum Errno
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>Operation not permitted.</summary>
    EPERM = 1,

    /// <summary>No such file or directory.</summary>
    ENOENT = 2,

    /// <summary>Interrupted by a signal.</summary>
    EINTR = 4,

    /// <summary>Input/output error.</summary>
    EIO = 5,

    /// <summary>No such device or address.</summary>
    ENXIO = 6,

    /// <summary>Exec format error; for a module: not made for this kernel.</summary>
    ENOEXEC = 8,

    /// <summary>No child processes.</summary>
    ECHILD = 10,

    /// <summary>Try again.</summary>
    EAGAIN = 11,

    /// <summary>Out of memory.</summary>
    ENOMEM = 12,

    /// <summary>Permission denied.</summary>
    EACCES = 13,

    /// <summary>Device or resource busy.</summary>
    EBUSY = 16,

    /// <summary>It exists already.</summary>
    EEXIST = 17,

    /// <summary>Another file system, or another mount.</summary>
    EXDEV = 18,

    /// <summary>No such device.</summary>
    ENODEV = 19,

    /// <summary>Not a directory.</summary>
    ENOTDIR = 20,

    /// <summary>Is a directory.</summary>
    EISDIR = 21,

    /// <summary>Invalid argument.</summary>
    EINVAL = 22,

    /// <summary>Not a terminal, or a request the device does not know.</summary>
    ENOTTY = 25,

    /// <summary>File too large.</summary>
    EFBIG = 27,

    /// <summary>No space left on the device.</summary>
    ENOSPC = 28,

    /// <summary>Read-only file system.</summary>
    EROFS = 30,

    /// <summary>Broken pipe: nobody reads any more.</summary>
    EPIPE = 32,

    /// <summary>Larger than the place for it.</summary>
    ERANGE = 34,

    /// <summary>File name too long.</summary>
    ENAMETOOLONG = 36,

    /// <summary>Function not implemented.</summary>
    ENOSYS = 38,

    /// <summary>Directory not empty; for a subvolume: there are others below it.</summary>
    ENOTEMPTY = 39,

    /// <summary>Too many levels of symbolic links.</summary>
    ELOOP = 40,

    /// <summary>No data: there is no such attribute.</summary>
    ENODATA = 61,

    /// <summary>Bad message: a checksum is wrong.</summary>
    EBADMSG = 74,

    /// <summary>There is more than fits.</summary>
    EOVERFLOW = 75,

    /// <summary>No buffer space: events were lost.</summary>
    ENOBUFS = 105,

    /// <summary>Operation not supported.</summary>
    EOPNOTSUPP = 95,

    /// <summary>Timed out.</summary>
    ETIMEDOUT = 110,

    /// <summary>What was held is elsewhere by now.</summary>
    ESTALE = 116,

    /// <summary>Structure needs cleaning: the file system is damaged.</summary>
    EUCLEAN = 117,

    /// <summary>The required key is not available.</summary>
    ENOKEY = 126,

    /// <summary>The key was rejected.</summary>
    EKEYREJECTED = 129,
}
