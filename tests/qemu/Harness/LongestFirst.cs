using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu.Harness;

/// <summary>
/// Classes run beside each other, the tests of one class do not. Those that take longest begin first, so that none is left alone
/// at the end with the second processor idle.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    internal const string Name = "InitRuntime.Qemu.Harness.LongestFirst";
    internal const string Assembly = "InitRuntime.Qemu";

    private static readonly string[] _longest =
    [
        nameof(UpdateTests), nameof(SystemdBootTests), nameof(PowerCutWhileUpdatingTests), nameof(RecoveryTests), nameof(DeltaUpdateTests),
    ];

    /// <inheritdoc/>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) => testCollections
        .OrderBy(collection => Array.FindIndex(_longest, name => collection.DisplayName.EndsWith($".{name}", StringComparison.Ordinal)) is var place and >= 0 ? place : _longest.Length)
        .ThenBy(collection => collection.DisplayName, StringComparer.Ordinal);
}
