using System;
using System.Collections.Generic;
using InitRuntime.Linux;

namespace InitRuntime.Overlay;

/// <summary>Gives an overlay back what the image has: its writable layer goes.</summary>
public static class OverlayReset
{
    private const int OwnersOnly = 0x1c0; // 0700
    private const string Removed = ".reset-";

    /// <summary>
    /// Takes a kept layer away at once, for good when this returns, and removes it. A cut before that leaves the layer whole or away; what
    /// was away is then removed the next time. The next mount of the overlay makes a new layer.
    /// </summary>
    /// <param name="home">Where the layer lives; a home that is not there is fine.</param>
    /// <param name="step">Called now and then, to feed a watchdog.</param>
    /// <exception cref="SyscallException">ENOSPC, EROFS, EIO: it cannot be done.</exception>
    public static void Begin(string home, Action? step = null)
    {
        if (FileStatus.TryOf(home)?.Kind != FileKind.Directory)
        {
            return;
        }

        var removed = new List<string>(RemovedOf(home));
        string away = $"{home}/{Removed}{removed.Count}";
        for (int i = removed.Count; FileStatus.TryOf(away) is not null; i++)
        {
            away = $"{home}/{Removed}{i}";
        }

        KernelFile.MakeDirectory(away, OwnersOnly);
        removed.Add(away);
        foreach (string name in (ReadOnlySpan<string>)[KeptLayer.Upper, KeptLayer.Work, KeptLayer.Baseline, KeptLayer.Drift])
        {
            if (FileStatus.TryOf($"{home}/{name}") is not null)
            {
                KernelFile.Rename($"{home}/{name}", $"{away}/{name}");
            }
        }

        KernelFile.SyncFileSystem(home);
        foreach (string directory in removed)
        {
            FileTree.Remove(directory, step);
        }
    }

    private static IEnumerable<string> RemovedOf(string home)
    {
        foreach (DirectoryEntry entry in DirectoryListing.Read(home))
        {
            if (entry.Name.StartsWith(Removed, StringComparison.Ordinal))
            {
                yield return $"{home}/{entry.Name}";
            }
        }
    }
}
