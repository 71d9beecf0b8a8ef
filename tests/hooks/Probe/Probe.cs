using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;
using InitRuntime.Hooks;

namespace Gateway;

/// <summary>Does nothing: what it costs is what a hook costs.</summary>
public sealed class Nothing : IBootHook
{
    public void Run(HookContext context)
    {
    }
}

/// <summary>Does what its first argument says.</summary>
public sealed class Probe : IBootHook
{
    public void Run(HookContext context)
    {
        switch (context.Arguments[0])
        {
            case "say": Say(context); break;
            case "throw": throw new InvalidOperationException("no reason");
            case "crash": Environment.FailFast("beyond repair"); break;
            case "hang": Thread.Sleep(Timeout.Infinite); break;
            case "collect": Collect(context); break;
            case "leave": Leave(); break;
            default: throw new ArgumentException(context.Arguments[0]);
        }
    }

    private static void Say(HookContext context)
    {
        int descriptors = Directory.GetFileSystemEntries("/proc/self/fd").Length;
        context.Log($"{context.Point} of {context.ImageUuid} {context.ImageVersion} in {context.Slot ?? "no slot"}, root {context.Root ?? "none"}, process {(Environment.ProcessId == 1 ? "1" : "another")}");
        // The three of every process, and that of the directory.
        context.Log($"descriptors {descriptors}, report of {Count(context, "\"name\":\"hook-") - Count(context, "-prepare\"")} hooks{(File.ReadAllText(context.Report).Contains("\"reason\":\"hook gives-up: ", StringComparison.Ordinal) ? " and the failure" : "")}");
    }

    private static int Count(HookContext context, string text) => File.ReadAllText(context.Report).Split(text).Length - 1;

    private static void Collect(HookContext context)
    {
        long sum = 0;
        for (int i = 0; i < 20000; i++)
        {
            sum += new byte[4096].Length;
        }

        GC.Collect();
        var worker = new Thread(() => sum += 1);
        worker.Start();
        worker.Join();
        context.Log(string.Create(CultureInfo.InvariantCulture, $"{sum} bytes, {(GC.CollectionCount(0) > 0 ? "collected" : "never collected")}"));
    }

    private static void Leave()
    {
        if (Fork() == 0)
        {
            Thread.Sleep(Timeout.Infinite);
        }
    }

    [DllImport("libc", EntryPoint = "fork")]
    private static extern int Fork();
}
