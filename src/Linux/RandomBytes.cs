using System;

namespace InitRuntime.Linux;

/// <summary>getrandom(2): the kernel's generator, after it was seeded.</summary>
public static unsafe class RandomBytes
{
    /// <summary>Fills the buffer.</summary>
    public static void Fill(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            int done = 0;
            while (done < buffer.Length)
            {
                nint n = NativeMethods.getrandom(start + done, (nuint)(buffer.Length - done), 0);
                if (!Syscall.Interrupted(n))
                {
                    done += (int)Syscall.Check(n, "getrandom", $"{buffer.Length} bytes");
                }
            }
        }
    }
}
