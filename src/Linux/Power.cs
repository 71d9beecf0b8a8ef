using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>What ends the machine's run. Source: reboot(2), linux/reboot.h.</summary>
public static class Power
{
    private const int Restart = 0x01234567;
    private const int Halt = unchecked((int)0xcdef0123);
    private const int Off = 0x4321fedc;

    /// <summary>Writes out all file systems' data.</summary>
    public static void Sync() => sync();

    /// <summary>Restarts the machine at once. Does not return.</summary>
    public static void Reboot() => Command(Restart);

    /// <summary>Switches the machine off. Does not return where the board can do that.</summary>
    public static void SwitchOff() => Command(Off);

    /// <summary>Stops the machine; a watchdog still ends that.</summary>
    public static void Stop() => Command(Halt);

    private static void Command(int command) => Syscall.Check(NativeMethods.reboot(command), "reboot", $"0x{command:x}");
}
