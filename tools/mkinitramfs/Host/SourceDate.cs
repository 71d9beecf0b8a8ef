using System;
using System.Globalization;

namespace InitRuntime.Mkinitramfs.Host;

/// <summary>The one time that is written into artefacts, in seconds since 1970: <c>$SOURCE_DATE_EPOCH</c>, else a fixed one.</summary>
internal static class SourceDate
{
    /// <summary>2025-01-01 00:00:00 UTC: any fixed time after FAT's first year (1980) would do.</summary>
    private const long Default = 1735689600;

    /// <summary>The first second that FAT can write: 1980-01-01 00:00:00 UTC.</summary>
    private const long First = 315532800;

    /// <summary>The last second that fits all formats used here (a signed 32-bit time): 2038-01-19.</summary>
    private const long Last = int.MaxValue;

    /// <summary>In seconds since 1970.</summary>
    /// <exception cref="BuildException"><c>$SOURCE_DATE_EPOCH</c> is not a number, or out of range.</exception>
    internal static long Seconds => Parse(Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH"));

    internal static long Parse(string? variable)
    {
        if (string.IsNullOrEmpty(variable))
        {
            return Default;
        }

        return long.TryParse(variable, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) && seconds is >= First and <= Last
            ? seconds
            : throw new BuildException(
                $"SOURCE_DATE_EPOCH is \"{variable}\", not a time from {First} to {Last}",
                "set it to seconds since 1970, or unset it");
    }
}
