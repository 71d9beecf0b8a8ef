using System.Collections.Generic;

namespace InitRuntime.Formats.BootConfig;

/// <summary>When a hook runs.</summary>
public enum HookPoint
{
    /// <summary>EFI variables were read; no disk was looked for.</summary>
    BeforeDevices,

    /// <summary>The boot disk and the slot are known.</summary>
    DevicesReady,

    /// <summary>The verified root is mounted, read-only.</summary>
    RootReady,

    /// <summary>Volumes and overlays are mounted, and the TPM gives no key any more.</summary>
    VolumesReady,

    /// <summary>The boot report is written; the root's init comes next.</summary>
    BeforeSwitchRoot,

    /// <summary>The boot is given up.</summary>
    OnFailure,
}

/// <summary>What follows a hook that fails.</summary>
public enum HookFailure
{
    /// <summary>It is reported, and the boot goes on.</summary>
    Continue,

    /// <summary>The boot is given up as the manifest says of failed boots: the loader returns to the other slot if the image is on trial.</summary>
    Fallback,

    /// <summary>The machine stops.</summary>
    Stop,
}

/// <summary>What a hook is.</summary>
public enum HookKind
{
    /// <summary>A class that is compiled into /init.</summary>
    Compiled,

    /// <summary>A program in the initramfs.</summary>
    Program,

    /// <summary>A program of the verified root, which is its root directory.</summary>
    RootProgram,
}

/// <summary>A step of the integrator in the boot.</summary>
public sealed record HookSettings
{
    /// <summary>By which its lines and its result are known.</summary>
    public required string Name { get; init; }

    /// <summary>When it runs. Hooks of one point run in the order of this file.</summary>
    public required HookPoint Point { get; init; }

    /// <summary>What it is.</summary>
    public required HookKind Kind { get; init; }

    /// <summary>Absolute path of its program, in the initramfs or the root; the class of a compiled one.</summary>
    public required string Program { get; init; }

    /// <summary>Its arguments.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>How long it may take, in seconds; then its process group is killed.</summary>
    public required int TimeoutSeconds { get; init; }

    /// <summary>What follows its failure.</summary>
    public required HookFailure OnFailure { get; init; }
}
