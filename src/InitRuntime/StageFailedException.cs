using System;

namespace InitRuntime;

/// <summary>A stage failed and the boot cannot go on.</summary>
internal sealed class StageFailedException(string stage, Exception cause) : Exception(cause.Message, cause)
{
    internal string Stage { get; } = stage;
}
