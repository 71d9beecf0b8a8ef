using System;

namespace InitRuntime.Qemu.Harness;

/// <summary>How one boot ended.</summary>
internal abstract record Verdict;

/// <summary>systemd finished the boot, and the guest said so on its own port.</summary>
internal sealed record Running(GuestReport Report) : Verdict;

/// <summary>/init gave the boot up.</summary>
/// <param name="Stage">Which stage said no.</param>
/// <param name="Reason">Why.</param>
/// <param name="Device">The device it was about, if it named one.</param>
/// <param name="Next">What it said would follow.</param>
/// <param name="Time">Of its last word, by the kernel's clock.</param>
internal sealed record Refused(string Stage, string Reason, string? Device, string Next, TimeSpan Time) : Verdict;

/// <summary>Firmware and boot loader found nothing that they would start.</summary>
/// <param name="Reason">The lines in which they refused.</param>
internal sealed record NotStarted(string Reason) : Verdict;

/// <summary>What never may happen: a kernel panic, or an unhandled exception.</summary>
/// <param name="Line">The console's line.</param>
internal sealed record Crashed(string Line) : Verdict;

/// <summary>Time was up, or the machine switched off, without any of these.</summary>
internal sealed record Silent : Verdict;
