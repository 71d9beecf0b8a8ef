using System;
using System.Collections.Generic;
using System.Linq;
using static InitRuntime.Mkinitramfs.Manifest.ManifestKeys;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>What the keys about the trial of a new image ask of each other.</summary>
internal static class TrialRules
{
    internal static void Check(ManifestValues values, ManifestErrors errors)
    {
        int count = values.CountOf(HealthCheckName.Section) ?? 0;
        var names = new Dictionary<string, Place>(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            if (values.IsGood(HealthCheckName, i) && !names.TryAdd(values.Get(HealthCheckName, i), values.ValuePlaceOf(HealthCheckName, i)))
            {
                errors.Add(
                    values.ValuePlaceOf(HealthCheckName, i), HealthCheckName.FullName,
                    $"{ManifestErrors.Quote(values.Get(HealthCheckName, i))} stands in line {names[values.Get(HealthCheckName, i)].Line} too", "give each check a name of its own");
            }

            if (values.IsGood(HealthCheckCommand, i) && values.Get(HealthCheckCommand, i) is not [['/', ..], ..])
            {
                errors.Add(values.ValuePlaceOf(HealthCheckCommand, i), HealthCheckCommand.FullName, "begins with no absolute path", "name the program of the root as the device has it: \"/usr/bin/..\"");
            }
        }

        if (values.IsGood(DeviceControl) && !values.Get(DeviceControl)
            && ((IEnumerable<string>)["confirm", HealthCheckName.Section]).Where(values.HasHeader).FirstOrDefault() is { } section)
        {
            errors.Add(values.HeaderOf(section), section, "needs initruntime-ctl on the device", "remove device.control, or set it to true");
        }
    }
}
