using InitRuntime.Formats.BootGuard;
using InitRuntime.Storage.Devices;

namespace InitRuntime.Storage.BootGuard;

/// <summary>An environment of EFI Boot Guard, and where it is.</summary>
/// <param name="Device">The partition's node.</param>
/// <param name="Label">The partition's GPT label, for messages.</param>
/// <param name="Value">What it says.</param>
public sealed record LoaderEnvironment(BlockDevice Device, string Label, BootGuardEnvironment Value);
