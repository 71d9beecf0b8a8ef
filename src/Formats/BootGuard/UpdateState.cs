namespace InitRuntime.Formats.BootGuard;

/// <summary>How far an image is on trial: <c>ustate</c>. Source: include/ebgenv.h of EFI Boot Guard.</summary>
public enum UpdateState
{
    /// <summary>It has proved itself.</summary>
    Ok,

    /// <summary>It was written and is booted next, for the first time.</summary>
    Installed,

    /// <summary>It was booted and has not been confirmed yet: the next boot falls back.</summary>
    Testing,

    /// <summary>It was not confirmed.</summary>
    Failed,

    /// <summary>The tools' word for a state that could not be told.</summary>
    Unknown,
}
