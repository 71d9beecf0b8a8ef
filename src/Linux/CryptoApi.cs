using System;
using System.Text;

namespace InitRuntime.Linux;

/// <summary>The algorithms of the kernel's crypto API.</summary>
public static class CryptoApi
{
    private const int LongestList = 1 << 20;

    /// <summary>Whether the kernel has an algorithm, from whichever module. A false "no" costs a needless module, nothing else.</summary>
    /// <param name="algorithm">By the name that its users ask for: <c>crc32c</c>, <c>xts(aes)</c>.</param>
    public static bool Has(string algorithm) => IsListed(KernelFile.TryReadAll("/proc/crypto", LongestList), algorithm);

    /// <summary>Looks for a line <c>name : ALGORITHM</c>. Source: crypto/proc.c.</summary>
    internal static bool IsListed(ReadOnlySpan<byte> list, string algorithm)
    {
        byte[] line = Encoding.ASCII.GetBytes($"name         : {algorithm}");
        foreach (Range range in list.Split((byte)'\n'))
        {
            if (list[range].SequenceEqual(line))
            {
                return true;
            }
        }

        return false;
    }
}
