using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace InitRuntime.Linux;

/// <summary>Words as argv and envp want them: pointers to ended text, then a null. Source: execve(2).</summary>
internal readonly unsafe ref struct NativeVector
{
    private readonly int _count;

    /// <summary>Copies the words out of the garbage collector's heap.</summary>
    /// <exception cref="ArgumentException">A word has a NUL inside.</exception>
    internal NativeVector(IReadOnlyList<string> words)
    {
        ArgumentNullException.ThrowIfNull(words);
        _count = words.Count;
        Start = (byte**)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(byte*));
        try
        {
            for (int i = 0; i < _count; i++)
            {
                byte[] bytes = NativeText.Terminated(words[i]);
                Start[i] = (byte*)NativeMemory.Alloc((nuint)bytes.Length);
                bytes.CopyTo(new Span<byte>(Start[i], bytes.Length));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The first pointer, valid until Dispose.</summary>
    internal byte** Start { get; }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        for (int i = 0; i < _count; i++)
        {
            NativeMemory.Free(Start[i]);
        }

        NativeMemory.Free(Start);
    }
}
