using System;
using System.Collections.Generic;

namespace InitRuntime.Mkinitramfs.Initramfs;

/// <summary>The configuration a kernel was built with: lines such as <c>CONFIG_DM_VERITY=m</c>.</summary>
internal sealed class KernelConfig
{
    private const string Prefix = "CONFIG_";

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>Reads the text; what is not an assignment is passed over, "is not set" included.</summary>
    internal static KernelConfig Parse(string text)
    {
        var config = new KernelConfig();
        foreach (string line in text.Split('\n'))
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > Prefix.Length && line.StartsWith(Prefix, StringComparison.Ordinal))
            {
                config._values[line[..equals]] = line[(equals + 1)..].Trim();
            }
        }

        return config;
    }

    /// <summary>Whether an option, with its CONFIG_, is built in.</summary>
    internal bool IsBuiltIn(string option) => _values.GetValueOrDefault(option) == "y";

    /// <summary>Whether an option is built in or a module.</summary>
    internal bool Has(string option) => _values.GetValueOrDefault(option) is "y" or "m";
}
