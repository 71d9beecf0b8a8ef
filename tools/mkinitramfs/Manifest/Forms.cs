using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>The forms that are not about one key alone: text, flags, numbers, choices, lists, sizes, times.</summary>
internal static class Forms
{
    private const long Kibi = 1 << 10;

    /// <summary>Partitions begin at whole mebibytes, so their sizes are such.</summary>
    private const long Mebi = 1 << 20;

    private const string SizeUnits = "KMGT";

    private static readonly (string Name, int Seconds)[] _timeUnits = [("h", 3600), ("min", 60), ("m", 60), ("s", 1)];

    internal static Form<bool> Flag { get; } = new(
        "`true` or `false`",
        (ManifestNode node, FormContext context, out bool value) =>
        {
            value = node.Flag;
            return context.Wants(node, NodeKind.Flag, "true or false, without quotes");
        },
        value => value)
    {
        Schema = () => new JsonObject { ["type"] = "boolean" },
    };

    /// <summary>Text that passes a rule; the rule answers what is wrong and what would be right, or null.</summary>
    internal static Form<string> Text(string inWords, Func<string, (string What, string? Hint)?> rule) => new(
        inWords,
        (ManifestNode node, FormContext context, out string value) =>
        {
            value = node.Text;
            if (!context.Wants(node, NodeKind.Text, "a text in quotes"))
            {
                return false;
            }

            return rule(value) is not { } wrong || context.Refuse(node, wrong.What, wrong.Hint);
        },
        value => value);

    internal static Form<int> Number(string inWords, Func<long, bool> rule) => new(
        inWords,
        (ManifestNode node, FormContext context, out int value) =>
        {
            value = 0;
            if (!context.Wants(node, NodeKind.Number, "a whole number"))
            {
                return false;
            }

            if (node.Number is < int.MinValue or > int.MaxValue || !rule(node.Number))
            {
                return context.Refuse(node, $"{node.Number} is out of range", $"wanted: {inWords.Replace("`", "")}");
            }

            value = (int)node.Number;
            return true;
        },
        value => value)
    {
        Schema = () => new JsonObject { ["type"] = "integer" },
    };

    internal static Form<T> Choice<T>(params (string Name, T Value)[] choices)
        where T : notnull
    {
        string names = string.Join(", ", choices.Select(choice => $"\"{choice.Name}\""));
        return new(
            choices.Length == 1 ? $"only `{names}` so far" : "one of " + string.Join(", ", choices.Select(choice => $"`\"{choice.Name}\"`")),
            (ManifestNode node, FormContext context, out T value) =>
            {
                value = default!;
                if (!context.Wants(node, NodeKind.Text, choices.Length == 1 ? names : $"one of {names}"))
                {
                    return false;
                }

                foreach ((string name, T meaning) in choices)
                {
                    if (name == node.Text)
                    {
                        value = meaning;
                        return true;
                    }
                }

                string hint = Nearest.Of(node.Text, choices.Select(choice => choice.Name)) is { } near ? $"use \"{near}\"" : $"known: {names}";
                return context.Refuse(node, $"{ManifestErrors.Quote(node.Text)} is not known", hint);
            },
            value => choices.First(choice => choice.Value.Equals(value)).Name)
        {
            Schema = () => new JsonObject { ["enum"] = new JsonArray([.. choices.Select(choice => (JsonNode)choice.Name)]) },
        };
    }

    internal static Form<string> Choice(params IReadOnlyList<string> names) => Choice<string>([.. names.Select(name => (name, name))]);

    /// <summary>A list; every item that is wrong is told, and no item may stand twice.</summary>
    internal static Form<IReadOnlyList<T>> List<T>(string inWords, Form<T> items, bool twice = false) => new(
        inWords,
        (ManifestNode node, FormContext context, out IReadOnlyList<T> value) =>
        {
            value = [];
            if (!context.Wants(node, NodeKind.List, "a list in [..]"))
            {
                return false;
            }

            var read = new List<T>();
            bool good = true;
            foreach (ManifestNode item in node.Items)
            {
                if (!items.Read(item, context, out T one))
                {
                    good = false;
                }
                else if (!twice && read.Contains(one))
                {
                    good = context.Refuse(item, $"{(item.Kind == NodeKind.Number ? item.Number : ManifestErrors.Quote(item.Text))} stands twice in the list", "remove one");
                }
                else
                {
                    read.Add(one);
                }
            }

            value = read;
            return good;
        },
        value => new JsonArray([.. value.Select(items.Show)]))
    {
        Schema = () => new JsonObject { ["type"] = "array", ["items"] = items.Schema(), ["uniqueItems"] = !twice },
    };

    /// <summary>A size in bytes, a whole number of mebibytes.</summary>
    internal static Form<long> Size(long least, long most) => new(
        $"a size from `{ShowSize(least)}` to `{ShowSize(most)}`",
        (ManifestNode node, FormContext context, out long value) =>
        {
            value = 0;
            if (!context.Wants(node, NodeKind.Text, "a size in quotes such as \"64M\" or \"1G\""))
            {
                return false;
            }

            if (!TryReadSize(node.Text, out value))
            {
                return context.Refuse(node, $"{ManifestErrors.Quote(node.Text)} is not a size", "a whole number and one of K, M, G, T (powers of 1024), such as \"64M\"");
            }

            return value < least || value > most
                    ? context.Refuse(node, $"{ManifestErrors.Quote(node.Text)} is out of range", $"wanted: from {ShowSize(least)} to {ShowSize(most)}")
                : value % Mebi == 0
                    || context.Refuse(node, $"{ManifestErrors.Quote(node.Text)} is not a whole number of mebibytes", $"use {ShowSize((value / Mebi + 1) * Mebi)}");
        },
        value => ShowSize(value))
    {
        Schema = () => new JsonObject { ["type"] = "string", ["pattern"] = $"^[0-9]{{1,6}}[{SizeUnits}]$" },
    };

    /// <summary>A time in seconds.</summary>
    internal static Form<int> Duration(int least, int most) => new(
        $"a time from `{ShowDuration(least)}` to `{ShowDuration(most)}`",
        (ManifestNode node, FormContext context, out int value) =>
        {
            value = 0;
            if (!context.Wants(node, NodeKind.Text, "a time in quotes such as \"30s\" or \"5min\""))
            {
                return false;
            }

            if (!TryReadDuration(node.Text, out long seconds))
            {
                return context.Refuse(node, $"{ManifestErrors.Quote(node.Text)} is not a time", "a whole number and one of s, min, h, such as \"30s\"");
            }

            if (seconds < least || seconds > most)
            {
                return context.Refuse(node, $"{ManifestErrors.Quote(node.Text)} is out of range", $"wanted: from {ShowDuration(least)} to {ShowDuration(most)}");
            }

            value = (int)seconds;
            return true;
        },
        value => ShowDuration(value))
    {
        Schema = () => new JsonObject { ["type"] = "string", ["pattern"] = $"^[0-9]{{1,6}}({string.Join('|', _timeUnits.Select(unit => unit.Name))})$" },
    };

    /// <summary>Bytes as a manifest would have them: the largest unit that leaves no fraction.</summary>
    internal static string ShowSize(long bytes)
    {
        int unit = -1;
        while (bytes >= Kibi && bytes % Kibi == 0 && unit < SizeUnits.Length - 1)
        {
            bytes /= Kibi;
            unit++;
        }

        return unit < 0 ? $"{bytes}" : $"{bytes}{SizeUnits[unit]}";
    }

    internal static string ShowDuration(int seconds) =>
        seconds > 0 && seconds % 3600 == 0 ? $"{seconds / 3600}h" : seconds >= 300 && seconds % 60 == 0 ? $"{seconds / 60}min" : $"{seconds}s";

    private static bool TryReadSize(string text, out long bytes)
    {
        bytes = 0;
        int unit = text.Length == 0 ? -1 : SizeUnits.IndexOf(text[^1], StringComparison.Ordinal);
        if (unit < 0 || !TryReadDigits(text[..^1], out long number))
        {
            return false;
        }

        // Below 10^9 units of at most 2^40: no overflow.
        bytes = number << (10 * (unit + 1));
        return true;
    }

    private static bool TryReadDuration(string text, out long seconds)
    {
        seconds = 0;
        foreach ((string name, int length) in _timeUnits)
        {
            if (text.EndsWith(name, StringComparison.Ordinal))
            {
                bool read = TryReadDigits(text[..^name.Length], out long number);
                seconds = number * length;
                return read;
            }
        }

        return false;
    }

    private static bool TryReadDigits(string text, out long number)
    {
        const int MostDigits = 6;
        number = 0;
        return text.Length is >= 1 and <= MostDigits && text.All(char.IsAsciiDigit) && long.TryParse(text, out number);
    }
}
