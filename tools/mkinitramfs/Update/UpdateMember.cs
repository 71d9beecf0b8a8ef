namespace InitRuntime.Mkinitramfs.Update;

/// <summary>A file of an update, as it is stored in it.</summary>
/// <param name="Name">In the archive.</param>
/// <param name="File">Where its bytes are.</param>
/// <param name="Sha256">Of these bytes, lower-case hex.</param>
/// <param name="Compressed">Whether they are zstd.</param>
internal sealed record UpdateMember(string Name, string File, string Sha256, bool Compressed);
