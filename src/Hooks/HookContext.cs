using System;
using System.Collections.Generic;

namespace InitRuntime.Hooks;

/// <summary>What a hook is told of the boot; never a key. Programs get the same as variables.</summary>
public sealed record HookContext
{
    /// <summary>Its name in the manifest.</summary>
    public required string Name { get; init; }

    /// <summary>Where in the boot it runs: <c>before-devices</c>, <c>devices-ready</c>, <c>root-ready</c>, <c>volumes-ready</c>, <c>before-switch-root</c> or <c>on-failure</c>.</summary>
    public required string Point { get; init; }

    /// <summary>The manifest's <c>arguments</c>.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Of the image that boots.</summary>
    public required Guid ImageUuid { get; init; }

    /// <summary>Version of the image that boots, as its manifest has it.</summary>
    public required string ImageVersion { get; init; }

    /// <summary>GPT label of the root partition, <c>root-a</c> or <c>root-b</c>; null before <c>devices-ready</c>.</summary>
    public required string? Slot { get; init; }

    /// <summary>Directory of the verified root, which is mounted read-only from <c>root-ready</c> on; null before.</summary>
    public required string? Root { get; init; }

    /// <summary>
    /// Path of the boot report so far (JSON, <c>/run/initruntime/boot.json</c>): image, slot, stages; all of it at <c>before-switch-root</c>. At
    /// <c>on-failure</c> its <c>last_failure</c> is the failure of this boot.
    /// </summary>
    public required string Report { get; init; }

    /// <summary>Writes one line to the kernel's log, with the hook's name before it. The first 100 lines of a hook are kept.</summary>
    public required Action<string> Log { get; init; }
}
