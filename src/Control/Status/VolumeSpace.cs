using InitRuntime.Linux;

namespace InitRuntime.Control.Status;

/// <summary>The room on a volume.</summary>
/// <param name="IsMounted">Whether anything is mounted at its mount point now.</param>
/// <param name="Room">How much there is; null if that is not known.</param>
/// <param name="Problem">Why that is not known.</param>
internal readonly record struct VolumeSpace(bool IsMounted, FileSystemSpace? Room, string? Problem)
{
    /// <summary>Asks the file system that is mounted there.</summary>
    internal static VolumeSpace Of(string mountPoint)
    {
        try
        {
            return new(true, FileSystemSpace.Of(mountPoint), null);
        }
        catch (SyscallException e)
        {
            // The other volumes are still to be told of, this one most of all.
            return new(true, null, e.Message);
        }
    }
}
