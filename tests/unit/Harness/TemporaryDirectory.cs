using System;
using System.IO;

namespace InitRuntime.Unit.Harness;

/// <summary>A directory of one test, removed at its end.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("initruntime-test-").FullName;

    /// <summary>The full path of a name in it.</summary>
    internal string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
