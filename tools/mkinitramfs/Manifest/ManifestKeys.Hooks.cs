using System;
using System.Collections.Generic;
using System.Linq;
using InitRuntime.Formats.BootConfig;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <content>The keys about programs of the integrator that /init runs.</content>
internal static partial class ManifestKeys
{
    internal static readonly ManifestKey<string> HookName = new("hook", "name", TextForms.VolumeName)
    {
        Summary = "What it is called: in the log, and as the stage `hook-NAME` of the boot report.",
        Required = true,
    };

    internal static readonly ManifestKey<HookPoint> HookAt = new(
        "hook", "at", Forms.Choice([.. Enum.GetValues<HookPoint>().Select(point => (HookSettingsJson.Name(point), point))]))
    {
        Summary = "When it runs (docs/hooks.md).",
        Required = true,
    };

    internal static readonly ManifestKey<string?> HookProgram = new("hook", "program", PathForms.Program.OrNone<string?>(path => path, path => path!))
    {
        Summary = "An executable, which is put into the initramfs, with the libraries that it needs out of the root; or `root-program`, or `project`.",
    };

    internal static readonly ManifestKey<string?> HookRootProgram = new("hook", "root-program", PathForms.InImage.OrNone<string?>(path => path, path => path!))
    {
        Summary = "A program of the root, scripts too, which runs with the verified root as its root directory; from `root-ready` on.",
    };

    internal static readonly ManifestKey<string?> HookProject = new("hook", "project", PathForms.File.OrNone<string?>(path => path, path => path!))
    {
        Summary = "A C# project that is compiled into /init; `class` names the hook in it.",
    };

    internal static readonly ManifestKey<string?> HookClass = new("hook", "class", TextForms.ClassName.OrNone<string?>(name => name, name => name!))
    {
        Summary = "The class with `IBootHook`, with its namespace.",
    };

    internal static readonly ManifestKey<IReadOnlyList<string>> HookArguments = new(
        "hook", "arguments", Forms.List("a list of words", TextForms.CommandWord, twice: true))
    {
        Summary = "Its arguments.",
        Default = [],
    };

    internal static readonly ManifestKey<IReadOnlyList<string>> HookAfter = new("hook", "after", Forms.List("a list of hooks", TextForms.VolumeName))
    {
        Summary = "Hooks of the same point that run before it; others run in the manifest's order.",
        Default = [],
    };

    internal static readonly ManifestKey<int> HookTimeout = new("hook", "timeout", Forms.Duration(1, HookSettingsJson.LongestTimeout))
    {
        Summary = "How long it may take; then its process group is killed, and it has failed. Before `root-ready` nothing feeds the watchdog: what hooks may take there and `boot.device-timeout` must be less than `boot.watchdog` together.",
        DefaultAt = (values, i) => HookRules.IsEarly(values.Get(HookAt!, i)) ? 10 : 30,
        DefaultInWords = "`\"30s\"`; before `root-ready` `\"10s\"`",
    };

    internal static readonly ManifestKey<HookFailure> HookOnFailure = new(
        "hook", "on-failure", Forms.Choice([.. Enum.GetValues<HookFailure>().Select(failure => (HookSettingsJson.Name(failure), failure))]))
    {
        Summary = "What follows when it fails: the boot goes on (`continue`); it is given up as `[failure]` says, so that the loader returns to the other slot if the image is on trial (`fallback`); the machine stops (`stop`).",
        DefaultAt = (values, i) => values.Get(HookAt!, i) == HookPoint.OnFailure ? HookFailure.Continue : HookFailure.Fallback,
        DefaultInWords = "`\"fallback\"`; at `on-failure` `\"continue\"`",
    };
}
