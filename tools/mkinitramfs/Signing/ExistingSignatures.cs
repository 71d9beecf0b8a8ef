namespace InitRuntime.Mkinitramfs.Signing;

/// <summary>What becomes of the signatures that an image already has when it is signed.</summary>
internal enum ExistingSignatures
{
    /// <summary>They are taken away: the image has one signature then.</summary>
    Replace,

    /// <summary>They stay, in front of the new one.</summary>
    Keep,
}
