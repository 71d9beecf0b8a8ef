using System;
using System.Diagnostics.CodeAnalysis;

namespace InitRuntime.Formats.BootConfig;

/// <summary>Whether this program can run hooks. The compiler knows the answer for each /init, and leaves out what is then never called.</summary>
public static class HookSupport
{
    /// <summary>The switch in src/InitRuntime/Init.props.</summary>
    private const string Switch = "InitRuntime.Hooks";

    /// <summary>False in the /init of images without hooks.</summary>
    [FeatureSwitchDefinition(Switch)]
    public static bool IsOn => !AppContext.TryGetSwitch(Switch, out bool isOn) || isOn;
}
