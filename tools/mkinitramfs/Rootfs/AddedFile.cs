namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>A file that the build puts into the root. Its owner is root.</summary>
/// <param name="Path">Without a leading slash.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="IsProgram">Mode 0755, else 0644.</param>
/// <param name="IsSecret">Mode 0600.</param>
internal sealed record AddedFile(string Path, byte[] Content, bool IsProgram = false, bool IsSecret = false);
