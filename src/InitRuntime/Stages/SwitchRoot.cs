using System;
using System.Collections;
using System.Collections.Generic;
using InitRuntime.Linux;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Stages;

/// <summary>The root file system becomes the root, and its init this process. Source: systemd's INITRD_INTERFACE.</summary>
internal static class SwitchRoot
{
    private static readonly string[] _moved = ["/dev", "/proc", "/sys", "/run"];

    /// <summary>Does not return, except by an exception.</summary>
    internal static void Into(string newRoot, string init, IReadOnlyList<string> arguments)
    {
        foreach (string mount in _moved)
        {
            Mount.Move(mount, newRoot + mount);
        }

        using (SafeFileHandle initramfs = SystemRoot.Enter(newRoot))
        {
            SystemRoot.RemoveFiles(initramfs);
        }

        SystemRoot.Execute(init, [init, .. arguments], Environment());
    }

    /// <summary>What the kernel gave, without what would make systemd believe that it runs in an initrd.</summary>
    private static List<string> Environment()
    {
        var words = new List<string>();
        foreach (DictionaryEntry entry in System.Environment.GetEnvironmentVariables())
        {
            if (entry.Key is not "SYSTEMD_IN_INITRD")
            {
                words.Add($"{entry.Key}={entry.Value}");
            }
        }

        words.Sort(StringComparer.Ordinal);
        return words;
    }
}
