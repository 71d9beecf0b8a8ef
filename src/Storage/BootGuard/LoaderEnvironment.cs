using InitRuntime.Formats.BootEntries;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Storage.Devices;

namespace InitRuntime.Storage.BootGuard;

/// <summary>What the loader knows of a slot, and where it keeps that: an environment of EFI Boot Guard, or the name of an entry of systemd-boot.</summary>
/// <param name="Device">The partition's node.</param>
/// <param name="Label">The partition's GPT label, for messages.</param>
/// <param name="Value">What it says; of an entry, the same in the words of an environment.</param>
/// <param name="Entry">Its name, where the loader is systemd-boot.</param>
public sealed record LoaderEnvironment(BlockDevice Device, string Label, BootGuardEnvironment Value, BootEntryName? Entry = null);
