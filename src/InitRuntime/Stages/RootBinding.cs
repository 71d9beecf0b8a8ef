using System;
using InitRuntime.Linux;

namespace InitRuntime.Stages;

/// <summary>The kernel's file systems in the mounted root, for as long as programs of it run there.</summary>
internal sealed class RootBinding : IDisposable
{
    private static readonly string[] _bound = ["/dev", "/proc", "/sys", "/run"];

    private RootBinding()
    {
    }

    internal static RootBinding Make()
    {
        foreach (string directory in _bound)
        {
            Mount.BindRecursive(directory, RootMount.Path + directory);
        }

        return new();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (string directory in _bound)
        {
            Mount.Detach(RootMount.Path + directory);
        }
    }
}
