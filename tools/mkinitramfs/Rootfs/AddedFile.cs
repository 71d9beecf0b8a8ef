namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>A file that the build puts into the root. Mode 0644.</summary>
/// <param name="Path">Without a leading slash.</param>
/// <param name="Content">Its bytes.</param>
internal sealed record AddedFile(string Path, byte[] Content);
