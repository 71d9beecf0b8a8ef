using System;
using System.Globalization;
using InitRuntime.Formats.Json;

namespace InitRuntime.Formats.Luks2;

/// <summary>Lists of PCRs in tokens, as a mask with bit n for PCR n.</summary>
internal static class PcrMask
{
    /// <summary>PCRs of a PC client TPM. Source: TCG PC Client Platform TPM Profile, 4.6.</summary>
    private const uint Count = 24;

    /// <summary>A list of numbers, as systemd writes it.</summary>
    internal static uint Read(JsonFields fields, string name)
    {
        uint mask = 0;
        foreach (JsonValue item in fields.Items(name))
        {
            if (item.TryNumber(out uint number) && number < Count)
            {
                mask |= 1u << (int)number;
            }
            else
            {
                fields.FailAt(name, $"not PCRs below {Count}");
            }
        }

        return mask;
    }

    /// <summary>Numbers with commas between them, as clevis writes it.</summary>
    internal static uint Read(JsonFields fields, string name, string list)
    {
        uint mask = 0;
        foreach (Range part in list.AsSpan().Split(','))
        {
            if (uint.TryParse(list.AsSpan()[part], NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number < Count)
            {
                mask |= 1u << (int)number;
            }
            else
            {
                fields.FailAt(name, $"not PCRs below {Count}");
            }
        }

        return mask;
    }
}
