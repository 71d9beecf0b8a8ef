using System;
using InitRuntime.Linux;

namespace InitRuntime.Failure;

/// <summary>A failure after which the machine stops, whatever the manifest says of other failures.</summary>
internal sealed class StopBootException(Exception cause) : BootException(cause.Message, inner: cause);
