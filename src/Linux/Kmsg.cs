using System;
using System.Text;
using Microsoft.Win32.SafeHandles;
using static Tmds.Linux.LibC;

namespace InitRuntime.Linux;

/// <summary>Kernel log priorities that we use. Source: linux/kern_levels.h.</summary>
public enum Priority
{
    /// <summary>A failure that changes the boot; shown even with "quiet".</summary>
    Failure = 3,

    /// <summary>A choice made for the user.</summary>
    Choice = 4,

    /// <summary>Progress.</summary>
    Progress = 6,

    /// <summary>Detail.</summary>
    Detail = 7,
}

/// <summary>The kernel log: one record a line, split below the kernel's limit. Source: Documentation/ABI/testing/dev-kmsg.</summary>
public sealed class Kmsg : IDisposable
{
    private const int LongestText = 900;

    private readonly SafeFileHandle? _device;

    private Kmsg(SafeFileHandle? device) => _device = device;

    /// <summary>Opens /dev/kmsg. Without one, lines are dropped: a missing log never stops a boot.</summary>
    public static Kmsg Open() => Open("/dev/kmsg");

    internal static Kmsg Open(string path)
    {
        try
        {
            return new(KernelFile.Open(path, O_WRONLY | O_CLOEXEC, 0));
        }
        catch (SyscallException)
        {
            return new(null);
        }
    }

    /// <summary>Lifts the kernel's rate limit for this boot's records; needs /proc.</summary>
    public static void LiftRateLimit() => TryIgnoringErrors(() => KernelFile.Write("/proc/sys/kernel/printk_devkmsg", "on\n"u8));

    /// <summary>Writes text; each line of it is a record of its own. Control characters are shown as <c>\xNN</c>.</summary>
    public void Write(Priority priority, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (string line in text.Split('\n'))
        {
            string clean = Clean(line);
            for (int at = 0; at == 0 || at < clean.Length; at += LongestText)
            {
                Record(priority, clean.AsSpan(at, Math.Min(LongestText, clean.Length - at)));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _device?.Dispose();

    private void Record(Priority priority, ReadOnlySpan<char> text)
    {
        if (_device is null)
        {
            return;
        }

        byte[] record = Encoding.UTF8.GetBytes($"<{(int)priority}>initruntime: {text}\n");
        TryIgnoringErrors(() => KernelFile.WriteOnce(_device, record, "/dev/kmsg"));
    }

    private static string Clean(string line)
    {
        var clean = new StringBuilder(line.Length);
        foreach (char c in line)
        {
            if (c < ' ' || c == 0x7f)
            {
                clean.Append($"\\x{(int)c:x2}");
            }
            else
            {
                clean.Append(c);
            }
        }

        return clean.ToString();
    }

    private static void TryIgnoringErrors(Action action)
    {
        try
        {
            action();
        }
        catch (SyscallException)
        {
            // The log has no log.
        }
    }
}
