using Xunit;

namespace InitRuntime.Unit.Harness;

/// <summary>
/// Tests that mount something on the host run when no others do: the tools of the others see all of the host's mounts, one by one, and
/// fail when one goes away meanwhile.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class HostMounts
{
    /// <summary>Of the collection.</summary>
    public const string Name = "mounts of the host";
}
