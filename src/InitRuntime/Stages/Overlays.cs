using System.Collections.Generic;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.FactoryReset;
using InitRuntime.Linux;
using InitRuntime.Overlay;

namespace InitRuntime.Stages;

/// <summary>The writable layers over the root, in memory or on the volumes, which are mounted by now.</summary>
internal static class Overlays
{
    /// <summary>Takes away the layers that a factory reset names, then mounts all.</summary>
    /// <returns>What this image changed, and older layers hide.</returns>
    internal static IReadOnlyList<DriftEntry> Mount(BootConfiguration settings, ResetRequest? reset, BootWatchdog watchdog, Kmsg log)
    {
        string HomeOf(OverlaySettings overlay) => OverlayHome.Of(overlay, OverlayRules.VolumeOf(settings, overlay), RootMount.Path);
        foreach (OverlaySettings overlay in settings.Overlays)
        {
            if (overlay.Upper != OverlayUpper.Memory && reset?.Takes(overlay) == true)
            {
                log.Write(Priority.Choice, $"overlay {overlay.Path}: factory reset: what the device changed there is removed");
                OverlayReset.Begin(HomeOf(overlay), watchdog.Feed);
            }
        }

        return OverlayMount.Assemble(RootMount.Path, settings.ImageUuid, settings.Overlays, HomeOf, watchdog.Feed, log);
    }
}
