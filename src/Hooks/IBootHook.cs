namespace InitRuntime.Hooks;

/// <summary>
/// A hook that is compiled into /init: a step of your own in the boot. The manifest names its class, which has a constructor
/// without arguments:
/// <code>
/// [[hook]]
/// name = "identity"
/// at = "root-ready"
/// project = "hooks/Identity/Identity.csproj"
/// class = "Gateway.Identity"
/// </code>
/// </summary>
/// <remarks>
/// It runs in a process of its own, a copy of PID 1 from before it knew any key, without its descriptors, as root, with the
/// whole boot around it: what it mounts, writes and sets stays; what it keeps in memory, and all processes that it started, end with it. A
/// crash is a failed hook, not a kernel panic.
/// </remarks>
public interface IBootHook
{
    /// <summary>Does its work. Returning is success; any exception is a failure, whose message is reported.</summary>
    /// <param name="context">What is known of this boot, and the log.</param>
    void Run(HookContext context);
}
