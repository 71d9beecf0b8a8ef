using System;
using System.Collections.Generic;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using static InitRuntime.Mkinitramfs.Manifest.ManifestKeys;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>What the keys of hooks ask of each other, and the order in which hooks run.</summary>
internal static class HookRules
{
    internal static void Check(ManifestValues values, ManifestErrors errors)
    {
        int count = values.CountOf(HookName.Section) ?? 0;
        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        bool areNamed = true;
        for (int i = 0; i < count; i++)
        {
            if (!values.IsGood(HookName, i) || !values.IsGood(HookAt, i) || !values.IsUsable(HookAfter, i))
            {
                areNamed = false;
                continue;
            }

            if (!names.TryAdd(values.Get(HookName, i), i))
            {
                areNamed = false;
                errors.Add(
                    values.ValuePlaceOf(HookName, i), HookName.FullName,
                    $"{ManifestErrors.Quote(values.Get(HookName, i))} stands in {values.ValuePlaceOf(HookName, names[values.Get(HookName, i)]).InWords} too", "give each hook a name of its own");
            }

            CheckProgram(values, errors, i);
        }

        CheckWatchdog(values, errors, count);
        if (areNamed)
        {
            CheckOrder(values, errors, names);
        }
    }

    /// <summary>In the order in which they run: those of a point by <c>after</c>, else as the manifest has them.</summary>
    internal static IReadOnlyList<int> Order(ManifestValues values)
    {
        int count = values.CountOf(HookName.Section) ?? 0;
        var order = new List<int>();
        // Each time the first one that waits for none.
        while (order.Count < count)
        {
            var done = order.Select(i => values.Get(HookName, i)).ToHashSet();
            int next = Enumerable.Range(0, count).FirstOrDefault(i => !order.Contains(i) && values.Get(HookAfter, i).All(done.Contains), -1);
            if (next < 0)
            {
                break;
            }

            order.Add(next);
        }

        return order;
    }

    /// <summary>Whether hooks of a point run before there is a driver of the watchdog.</summary>
    internal static bool IsEarly(HookPoint point) => point is HookPoint.BeforeDevices or HookPoint.DevicesReady;

    private static void CheckWatchdog(ManifestValues values, ManifestErrors errors, int count)
    {
        int[] early = [.. Enumerable.Range(0, count).Where(i => values.IsGood(HookAt, i) && IsEarly(values.Get(HookAt, i)) && values.IsUsable(HookTimeout, i))];
        if (early.Length == 0 || !values.IsUsable(BootWatchdog) || !values.IsUsable(BootDeviceTimeout) || values.Get(BootWatchdog) == 0)
        {
            return;
        }

        int hooks = early.Sum(i => values.Get(HookTimeout, i)), device = values.Get(BootDeviceTimeout), watchdog = values.Get(BootWatchdog);
        if (hooks + device >= watchdog)
        {
            errors.Add(
                values.ValuePlaceOf(HookAt, early[^1]), HookTimeout.FullName,
                $"before root-ready hooks may take {hooks}s, device-timeout is {device}s and watchdog is {watchdog}s", "nothing feeds the watchdog yet: make timeouts shorter, or boot.watchdog longer");
        }
    }

    private static void CheckProgram(ManifestValues values, ManifestErrors errors, int i)
    {
        string[] given = [.. new ManifestKey[] { HookProgram, HookRootProgram, HookProject }.Where(key => values.PlaceOf(key, i) is not null).Select(key => key.Name)];
        bool inRoot = values.PlaceOf(HookRootProgram, i) is not null;
        HookPoint point = values.Get(HookAt, i);
        if (given.Length != 1)
        {
            errors.Add(
                values.ValuePlaceOf(HookName, i), HookProgram.FullName, given.Length == 0 ? "missing" : $"{string.Join(" and ", given)} contradict each other",
                "name one of program, which is put into the initramfs, root-program, which the root has, and project with class, which is compiled into /init");
        }
        else if (values.PlaceOf(HookProject, i) is null != values.PlaceOf(HookClass, i) is null)
        {
            bool hasProject = values.PlaceOf(HookProject, i) is not null;
            errors.Add(
                values.ValuePlaceOf(HookName, i), (hasProject ? HookClass : HookProject).FullName, "missing",
                "project names the C# project, class the class in it that is the hook");
        }
        else if (inRoot && !HookSettingsJson.HasRoot(point))
        {
            errors.Add(
                values.ValuePlaceOf(HookAt, i), HookAt.FullName, $"at {HookSettingsJson.Name(point)} there is no root yet",
                "use program, or one of root-ready, volumes-ready, before-switch-root");
        }

        if (point == HookPoint.OnFailure && values.PlaceOf(HookOnFailure, i) is not null && values.Get(HookOnFailure, i) != HookFailure.Continue)
        {
            errors.Add(values.ValuePlaceOf(HookOnFailure, i), HookOnFailure.FullName, "the boot has failed already", "remove it");
        }
    }

    private static void CheckOrder(ManifestValues values, ManifestErrors errors, Dictionary<string, int> names)
    {
        bool known = true;
        foreach ((string name, int i) in names)
        {
            foreach (string other in values.Get(HookAfter, i))
            {
                string? wrong = !names.TryGetValue(other, out int at) ? $"there is no hook {ManifestErrors.Quote(other)}"
                    : at == i ? $"{name} cannot run after itself"
                    : values.Get(HookAt, at) != values.Get(HookAt, i) ? $"{other} runs at {HookSettingsJson.Name(values.Get(HookAt, at))}"
                    : null;
                if (wrong is not null)
                {
                    known = false;
                    errors.Add(values.ValuePlaceOf(HookAfter, i), HookAfter.FullName, wrong, "name hooks of the same point");
                }
            }
        }

        if (!known)
        {
            return;
        }

        IReadOnlyList<int> order = Order(values);
        if (order.Count < names.Count)
        {
            int first = Enumerable.Range(0, names.Count).First(i => !order.Contains(i));
            string[] circle = [.. names.Where(pair => !order.Contains(pair.Value)).Select(pair => pair.Key)];
            errors.Add(values.ValuePlaceOf(HookAfter, first), HookAfter.FullName, $"a circle: {string.Join(", ", circle)} wait for each other", "take one of them out of after");
        }
    }
}
