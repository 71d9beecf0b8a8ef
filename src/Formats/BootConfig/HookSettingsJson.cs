using System;
using System.Collections.Generic;
using System.Text.Json;
using InitRuntime.Formats.Json;

namespace InitRuntime.Formats.BootConfig;

/// <summary>Hooks in boot.json: both directions, their words and their rules.</summary>
public static class HookSettingsJson
{
    /// <summary>The most hooks that a file can have.</summary>
    public const int MostHooks = 64;

    /// <summary>The most arguments of one hook.</summary>
    public const int MostArguments = 64;

    /// <summary>In seconds.</summary>
    public const int LongestTimeout = 3600;

    private static readonly string[] _points = ["before-devices", "devices-ready", "root-ready", "volumes-ready", "before-switch-root", "on-failure"];
    private static readonly string[] _kinds = ["compiled", "program", "root-program"];
    private static readonly string[] _failures = ["continue", "fallback", "stop"];

    /// <summary>The manifest's word, which is also boot.json's.</summary>
    public static string Name(HookPoint value) => _points[(int)value];

    /// <inheritdoc cref="Name(HookPoint)"/>
    public static string Name(HookFailure value) => _failures[(int)value];

    /// <summary>Whether a hook at this point can come out of the root.</summary>
    public static bool HasRoot(HookPoint point) => point is HookPoint.RootReady or HookPoint.VolumesReady or HookPoint.BeforeSwitchRoot;

    /// <summary>Whether a text is the full name of a class, of plain letters, digits and underscores.</summary>
    public static bool IsClass(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (string part in text.Split('.'))
        {
            if (part.Length == 0 || char.IsAsciiDigit(part[0]))
            {
                return false;
            }

            foreach (char c in part)
            {
                if (!char.IsAsciiLetterOrDigit(c) && c != '_')
                {
                    return false;
                }
            }
        }

        return true;
    }

    internal static void Write(Utf8JsonWriter json, HookSettings hook)
    {
        json.WriteStartObject();
        json.WriteString("name", hook.Name);
        json.WriteString("point", Name(hook.Point));
        json.WriteString("kind", _kinds[(int)hook.Kind]);
        json.WriteString("program", hook.Program);
        json.WriteStartArray("arguments");
        foreach (string argument in hook.Arguments)
        {
            json.WriteStringValue(argument);
        }

        json.WriteEndArray();
        json.WriteNumber("timeout_seconds", hook.TimeoutSeconds);
        json.WriteString("on_failure", Name(hook.OnFailure));
        json.WriteEndObject();
    }

    internal static List<HookSettings> ReadHooks(ref JsonInput json)
    {
        var hooks = new List<HookSettings>();
        json.BeginArray();
        while (json.NextItem())
        {
            hooks.Add(hooks.Count < MostHooks ? Read(ref json) : throw json.Error($"more than {MostHooks}"));
        }

        return hooks;
    }

    /// <summary>The first rule that is broken, or no error.</summary>
    internal static ParseError Check(IReadOnlyList<HookSettings> hooks)
    {
        for (int i = 0; i < hooks.Count; i++)
        {
            HookSettings hook = hooks[i];
            string? wrong = !VolumeRules.IsName(hook.Name) ? "name: not lower-case letters, digits and dashes"
                : hook.Kind == HookKind.Compiled && !IsClass(hook.Program) ? "program: not the full name of a class"
                : hook.Kind != HookKind.Compiled && !BootConfigRules.IsPlainAbsolutePath(hook.Program) ? "program: not a plain absolute path"
                : hook.TimeoutSeconds is < 1 or > LongestTimeout ? $"timeout_seconds: {hook.TimeoutSeconds}, wanted 1 to {LongestTimeout}"
                : hook.Kind == HookKind.RootProgram && !HasRoot(hook.Point) ? $"kind: at {Name(hook.Point)} there is no root"
                : hook.Point == HookPoint.OnFailure && hook.OnFailure != HookFailure.Continue ? "on_failure: the boot has failed already"
                : null;
            if (wrong is not null)
            {
                return new($"hooks[{i}].{wrong}");
            }

            for (int other = 0; other < i; other++)
            {
                if (hooks[other].Name == hook.Name)
                {
                    return new($"hooks[{i}].name: \"{hook.Name}\" stands twice");
                }
            }
        }

        return default;
    }

    private static HookSettings Read(ref JsonInput json)
    {
        string? name = null, program = null;
        int? point = null, kind = null, failure = null;
        List<string>? arguments = null;
        long? timeout = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "name": name = json.Text(); break;
                case "point": point = Word(json, _points); break;
                case "kind": kind = Word(json, _kinds); break;
                case "program": program = json.Text(); break;
                case "arguments": arguments = json.Texts(MostArguments); break;
                case "timeout_seconds": timeout = json.Number(0, int.MaxValue); break;
                case "on_failure": failure = Word(json, _failures); break;
                default: throw json.Unknown();
            }
        }

        return new()
        {
            Name = json.Required(name, "name"),
            Point = (HookPoint)json.Required(point, "point"),
            Kind = (HookKind)json.Required(kind, "kind"),
            Program = json.Required(program, "program"),
            Arguments = json.Required(arguments, "arguments"),
            TimeoutSeconds = (int)json.Required(timeout, "timeout_seconds"),
            OnFailure = (HookFailure)json.Required(failure, "on_failure"),
        };
    }

    private static int Word(JsonInput json, string[] words)
    {
        int index = Array.IndexOf(words, json.Text());
        return index >= 0 ? index : throw json.Error($"wanted {string.Join(", ", words)}");
    }
}
