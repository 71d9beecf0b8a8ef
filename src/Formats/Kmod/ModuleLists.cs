using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace InitRuntime.Formats.Kmod;

/// <summary>A line of modules.dep.</summary>
/// <param name="Name">The kernel's name of the module.</param>
/// <param name="Path">Of the file, below the directory of the kernel's modules.</param>
/// <param name="Needs">Paths of all modules it needs, directly or not; each is loaded before those in front of it.</param>
public sealed record ModuleDependency(string Name, string Path, IReadOnlyList<string> Needs);

/// <summary>A line of modules.softdep: what is loaded with a module where it is there.</summary>
/// <param name="Name">The kernel's name of the module.</param>
/// <param name="Before">Modules or aliases to load before it.</param>
/// <param name="After">Modules or aliases to load after it.</param>
public sealed record ModuleSoftDependency(string Name, IReadOnlyList<string> Before, IReadOnlyList<string> After);

/// <summary>A line of modules.weakdep: what a module may ask for when it runs, so that it belongs into the initramfs.</summary>
/// <param name="Name">The kernel's name of the module.</param>
/// <param name="Modules">Modules or aliases.</param>
public sealed record ModuleWeakDependency(string Name, IReadOnlyList<string> Modules);

/// <summary>A line of modules.alias.</summary>
/// <param name="Pattern">For <see cref="ModuleAlias.Matches"/>.</param>
/// <param name="Name">The kernel's name of the module.</param>
public sealed record ModuleAliasEntry(string Pattern, string Name);

/// <summary>
/// The text files that depmod makes in a kernel's directory of modules. Source: modules.dep(5), modprobe.d(5) and
/// tools/depmod.c of kmod. Empty lines and comments are passed over; any other line that is not understood is an error.
/// </summary>
public static class ModuleLists
{
    /// <summary>The largest file that is read, in bytes; Debian's largest has about 2 MB.</summary>
    public const int MaximumLength = 64 << 20;

    private static readonly char[] _blanks = [' ', '\t', '\r'];

    /// <summary>Reads modules.dep, in the order of its lines.</summary>
    public static bool TryParseDependencies(
        ReadOnlySpan<byte> text, [NotNullWhen(true)] out IReadOnlyList<ModuleDependency>? lines, out ParseError error) =>
        TryParse(
            text,
            words => words[0].Length > 1 && words[0].EndsWith(':')
                ? new ModuleDependency(ModuleName.FromPath(words[0][..^1]), words[0][..^1], words[1..])
                : null,
            "<path>: <path>..",
            out lines,
            out error);

    /// <summary>Reads modules.softdep.</summary>
    public static bool TryParseSoftDependencies(
        ReadOnlySpan<byte> text, [NotNullWhen(true)] out IReadOnlyList<ModuleSoftDependency>? lines, out ParseError error) =>
        TryParse(text, ReadSoftDependency, "softdep <module> pre: <module>.. post: <module>..", out lines, out error);

    /// <summary>Reads modules.weakdep.</summary>
    public static bool TryParseWeakDependencies(
        ReadOnlySpan<byte> text, [NotNullWhen(true)] out IReadOnlyList<ModuleWeakDependency>? lines, out ParseError error) =>
        TryParse(
            text,
            words => words is ["weakdep", var name, .. var modules] ? new ModuleWeakDependency(ModuleName.Normalize(name), modules) : null,
            "weakdep <module> <module>..",
            out lines,
            out error);

    /// <summary>Reads modules.alias.</summary>
    public static bool TryParseAliases(
        ReadOnlySpan<byte> text, [NotNullWhen(true)] out IReadOnlyList<ModuleAliasEntry>? lines, out ParseError error) =>
        TryParse(
            text,
            words => words is ["alias", var pattern, var name] ? new ModuleAliasEntry(pattern, ModuleName.Normalize(name)) : null,
            "alias <pattern> <module>",
            out lines,
            out error);

    /// <summary>Reads modules.builtin: the kernel's names of the modules that are part of the kernel itself.</summary>
    public static bool TryParseBuiltIn(ReadOnlySpan<byte> text, [NotNullWhen(true)] out IReadOnlySet<string>? names, out ParseError error)
    {
        bool read = TryParse(
            text, words => words is [var path] ? ModuleName.FromPath(path) : null, "<path>", out IReadOnlyList<string>? lines, out error);
        names = read ? new HashSet<string>(lines!) : null;
        return read;
    }

    private static ModuleSoftDependency? ReadSoftDependency(string[] words)
    {
        if (words is not ["softdep", var name, .. var rest])
        {
            return null;
        }

        List<string> before = [];
        List<string> after = [];
        List<string>? current = null;
        foreach (string word in rest)
        {
            if (word is "pre:" or "post:")
            {
                current = word == "pre:" ? before : after;
            }
            else
            {
                // Words in front of the first keyword count for nothing, as in modprobe.
                current?.Add(word);
            }
        }

        return new ModuleSoftDependency(ModuleName.Normalize(name), before, after);
    }

    private static bool TryParse<T>(
        ReadOnlySpan<byte> text,
        Func<string[], T?> read,
        string form,
        [NotNullWhen(true)] out IReadOnlyList<T>? lines,
        out ParseError error)
        where T : class
    {
        lines = null;
        if (text.Length > MaximumLength)
        {
            error = new($"{text.Length} bytes, at most {MaximumLength} are read");
            return false;
        }

        var found = new List<T>();
        int number = 0;
        foreach (Range range in text.Split((byte)'\n'))
        {
            number++;
            string[] words = Encoding.UTF8.GetString(text[range]).Split(_blanks, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0 || words[0].StartsWith('#'))
            {
                continue;
            }

            if (read(words) is not { } line)
            {
                error = new($"line {number}: wanted \"{form}\"");
                return false;
            }

            found.Add(line);
        }

        lines = found;
        error = default;
        return true;
    }
}
