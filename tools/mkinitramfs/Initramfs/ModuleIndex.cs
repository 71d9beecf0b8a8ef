using System;
using System.Collections.Generic;
using System.Linq;

namespace InitRuntime.Mkinitramfs.Initramfs;

/// <summary>
/// What depmod wrote about the modules of one kernel. Sources: modules.dep(5), depmod.d(5), modprobe.d(5); names are compared
/// with dashes as underscores, as the kernel does.
/// </summary>
internal sealed class ModuleIndex
{
    private readonly Dictionary<string, string> _paths = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _needs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _softNeeds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _aliasesOf = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _byAlias = new(StringComparer.Ordinal);
    private readonly HashSet<string> _builtIn = new(StringComparer.Ordinal);

    private ModuleIndex()
    {
    }

    internal static ModuleIndex Parse(string dependencies, string softDependencies, string aliases, string builtIn, string builtInInformation)
    {
        var index = new ModuleIndex();
        index.ReadDependencies(dependencies);
        index.ReadSoftDependencies(softDependencies);
        index.ReadAliases(aliases);
        index.ReadBuiltIn(builtIn, builtInInformation);
        return index;
    }

    /// <summary>The kernel's name of a module, from a name or file name with dashes or underscores.</summary>
    internal static string KernelName(string name) => name.Replace('-', '_');

    /// <summary>Path below the module directory; null if there is no such module.</summary>
    internal string? Path(string name) => _paths.GetValueOrDefault(name);

    internal bool IsBuiltIn(string name) => _builtIn.Contains(name);

    /// <summary>Modules whose symbols a module uses, in the order in which they are loaded.</summary>
    internal IReadOnlyList<string> Needs(string name) => _needs.GetValueOrDefault(name) ?? [];

    /// <summary>Names or aliases that a module wants to be loaded before it, if they exist.</summary>
    internal IReadOnlyList<string> SoftNeeds(string name) => _softNeeds.GetValueOrDefault(name) ?? [];

    /// <summary>Patterns of modalias strings that ask for a module.</summary>
    internal IReadOnlyList<string> Aliases(string name) => _aliasesOf.GetValueOrDefault(name) ?? [];

    /// <summary>The modules with exactly this alias.</summary>
    internal IReadOnlyList<string> WithAlias(string alias) => _byAlias.GetValueOrDefault(alias) ?? [];

    /// <summary>Module names that look like a mistyped one, for a hint.</summary>
    internal IEnumerable<string> Similar(string name) =>
        _paths.Keys.Concat(_builtIn).Where(other => other.Contains(name, StringComparison.Ordinal) || name.Contains(other, StringComparison.Ordinal))
            .Where(other => other.Length > 2).Order(StringComparer.Ordinal).Take(5);

    /// <summary>Lines <c>path: path path</c>; what is needed most comes last there.</summary>
    private void ReadDependencies(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                continue;
            }

            string name = NameOfFile(line[..colon]);
            _paths[name] = line[..colon];
            _needs[name] = [.. line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Reverse().Select(NameOfFile)];
        }
    }

    /// <summary>Lines <c>softdep name pre: a b post: c</c>; words before the first keyword count for nothing, as in modprobe.</summary>
    private void ReadSoftDependencies(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is not ["softdep", { } name, ..])
            {
                continue;
            }

            bool before = false;
            foreach (string word in words.Skip(2))
            {
                if (word is "pre:" or "post:")
                {
                    before = word == "pre:";
                }
                else if (before)
                {
                    Add(_softNeeds, KernelName(name), word);
                }
            }
        }
    }

    /// <summary>Lines <c>alias pattern module</c>.</summary>
    private void ReadAliases(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["alias", { } pattern, { } module])
            {
                Add(_aliasesOf, KernelName(module), pattern);
                Add(_byAlias, pattern, KernelName(module));
            }
        }
    }

    /// <summary>Paths, and NUL-separated <c>name.key=value</c> of modules that may have no path of their own.</summary>
    private void ReadBuiltIn(string paths, string information)
    {
        foreach (string line in paths.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            _builtIn.Add(NameOfFile(line));
        }

        foreach (string record in information.Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            int dot = record.IndexOf('.', StringComparison.Ordinal);
            if (dot > 0)
            {
                string name = KernelName(record[..dot]);
                _builtIn.Add(name);
                if (record.AsSpan(dot + 1).StartsWith("alias=", StringComparison.Ordinal))
                {
                    Add(_byAlias, record[(dot + 1 + "alias=".Length)..], name);
                }
            }
        }
    }

    private static string NameOfFile(string path)
    {
        string file = path[(path.LastIndexOf('/') + 1)..];
        int dot = file.IndexOf('.', StringComparison.Ordinal);
        return KernelName(dot < 0 ? file : file[..dot]);
    }

    private static void Add(Dictionary<string, List<string>> map, string key, string value)
    {
        if (!map.TryGetValue(key, out List<string>? list))
        {
            map[key] = list = [];
        }

        if (!list.Contains(value))
        {
            list.Add(value);
        }
    }
}
