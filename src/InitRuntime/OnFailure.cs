namespace InitRuntime;

/// <summary>What follows when a stage fails. It stands where the stage is called.</summary>
internal enum OnFailure
{
    /// <summary>
    /// The boot is given up as the manifest says: the reason is kept and the machine restarts, so that the boot loader returns to
    /// the other slot if this image is on trial.
    /// </summary>
    Fallback,

    /// <summary>It is reported, and the boot goes on without it. Never for a stage that checks something.</summary>
    Continue,
}
