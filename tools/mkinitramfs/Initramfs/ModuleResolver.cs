using System;
using System.Collections.Generic;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Initramfs;

/// <summary>
/// Chooses the modules that the boot loads, their order, and which of them the initramfs carries. A module that only some
/// processors have (a faster digest) is loaded by its device alias like any driver, so that no boot depends on it.
/// </summary>
internal sealed class ModuleResolver
{
    private const string ProcessorAlias = "cpu:";

    /// <summary>What the crypto API puts before an algorithm's name when it asks for a module.</summary>
    private const string CryptoPrefix = "crypto-";

    /// <summary>Far beyond the two or three steps of real kernels: dependencies of dependencies are listed flat.</summary>
    private const int MaximumDepth = 64;

    private readonly ModuleIndex _index;
    private readonly IReadOnlyDictionary<string, string> _options;
    private readonly List<Chosen> _chosen = [];
    private readonly Dictionary<string, int> _positions = new(StringComparer.Ordinal);

    private ModuleResolver(ModuleIndex index, IReadOnlyDictionary<string, string> options)
    {
        _index = index;
        _options = options.ToDictionary(pair => ModuleIndex.KernelName(pair.Key), pair => pair.Value, StringComparer.Ordinal);
    }

    /// <summary>One wish: a module, and the manifest key (or other reason) that asks for it.</summary>
    /// <param name="Name">With dashes or underscores.</param>
    /// <param name="Reason">For the message when there is none.</param>
    /// <param name="Always">Loaded at every boot, or only when a device asks.</param>
    /// <param name="Optional">Whether a kernel without it does.</param>
    /// <param name="Algorithm">What it is wanted for, if another module that brings the same will do as well.</param>
    /// <param name="ChoosesAlgorithm">Whether only one of the algorithms among its soft needs is used, and /init finds out which.</param>
    internal sealed record Wish(
        string Name, string Reason, bool Always, bool Optional = false, string Algorithm = "", bool ChoosesAlgorithm = false);

    /// <summary>A chosen module: what boot.json says of it, and where it lies below the module directory.</summary>
    internal sealed record Chosen(ModuleSettings Settings, string SourcePath);

    /// <summary>What the boot needs at one of its two times: before the root is there, or with it.</summary>
    /// <param name="Modules">In order of importance.</param>
    /// <param name="CryptoAlgorithms">By their kernel names: faster modules of them are taken along where there are any.</param>
    internal sealed record Wishes(IReadOnlyList<Wish> Modules, IReadOnlyList<string> CryptoAlgorithms);

    /// <summary>
    /// The modules, each after all that it needs; those of the initramfs first. What is built in needs no module and is left out.
    /// </summary>
    /// <param name="index">What depmod knows.</param>
    /// <param name="early">What is needed before the root is there.</param>
    /// <param name="late">What comes from the root, unless it is needed before.</param>
    /// <param name="pathInRoot">Where the root has a module, from its path below the module directory.</param>
    /// <param name="options">Module parameters, by module name.</param>
    /// <exception cref="BuildException">A wish is neither a module nor built in, or an option is for a module that is not taken.</exception>
    internal static IReadOnlyList<Chosen> Resolve(
        ModuleIndex index, Wishes early, Wishes late, Func<string, string> pathInRoot, IReadOnlyDictionary<string, string> options)
    {
        var resolver = new ModuleResolver(index, options);
        resolver.CheckExist([.. early.Modules, .. late.Modules]);
        resolver.AddAll(early);
        int earlyCount = resolver._chosen.Count;
        resolver.AddAll(late);
        resolver.CheckOptions();
        return [.. resolver._chosen.Select((module, i) => i < earlyCount
            ? module
            : module with { Settings = module.Settings with { InRoot = true, Path = pathInRoot(module.SourcePath) } })];
    }

    private void AddAll(Wishes wishes)
    {
        foreach (string algorithm in wishes.CryptoAlgorithms)
        {
            AddForProcessors(CryptoPrefix + algorithm);
        }

        foreach (Wish wish in wishes.Modules.OrderByDescending(wish => wish.Always))
        {
            Add(ModuleIndex.KernelName(wish.Name), wish.Always, depth: 0, wish.Algorithm, wish.ChoosesAlgorithm);
        }
    }

    private void CheckExist(List<Wish> wishes)
    {
        List<Wish> missing = [.. wishes.Where(wish => !wish.Optional).Where(wish =>
        {
            string name = ModuleIndex.KernelName(wish.Name);
            return _index.Path(name) is null && !_index.IsBuiltIn(name);
        })];
        if (missing.Count == 0)
        {
            return;
        }

        string[] similar = [.. missing.SelectMany(wish => _index.Similar(ModuleIndex.KernelName(wish.Name))).Distinct()];
        throw new BuildException(
            "the kernel has no such module, nor is it built in:\n" + string.Join('\n', missing.Select(wish => $"  {wish.Name} ({wish.Reason})")),
            similar.Length > 0 ? $"it has {string.Join(", ", similar)}" : null);
    }

    private void CheckOptions()
    {
        List<string> unused = [.. _options.Keys.Where(name => !_positions.ContainsKey(name)).Order(StringComparer.Ordinal)];
        if (unused.Count > 0)
        {
            throw new BuildException(
                $"kernel.module-options names modules that the boot does not load: {string.Join(", ", unused)}",
                unused.Exists(_index.IsBuiltIn) ? "a built-in module takes its options from kernel.command-line, as module.option=value" : null);
        }
    }

    /// <summary>
    /// Puts a module and all before it into the list; gives its position, or -1 if it is built in. It is marked first, so that
    /// a circle of soft dependencies ends. One that is added for an algorithm alone, each time for the same, can be left out.
    /// </summary>
    private int Add(string name, bool always, int depth, string algorithm = "", bool choosesAlgorithm = false)
    {
        if (depth > MaximumDepth)
        {
            throw new BuildException($"modules.dep: the dependencies of {name} are more than {MaximumDepth} deep");
        }

        if (_positions.TryGetValue(name, out int known))
        {
            if (known >= 0)
            {
                ModuleSettings settings = _chosen[known].Settings;
                _chosen[known] = _chosen[known] with
                {
                    Settings = settings with
                    {
                        Always = settings.Always || always,
                        Aliases = always ? [] : settings.Aliases,
                        Algorithm = settings.Algorithm == algorithm ? algorithm : "",
                    },
                };
            }

            return known;
        }

        if (_index.Path(name) is not { } path)
        {
            return -1;
        }

        _positions[name] = -1;
        var needs = new List<int>();
        foreach (string soft in _index.SoftNeeds(name))
        {
            needs.AddRange(AddSoft(soft, depth + 1).Where(need => need >= 0 && !(choosesAlgorithm && _chosen[need].Settings.Algorithm.Length > 0)));
        }

        foreach (string need in _index.Needs(name))
        {
            needs.Add(Add(need, always: false, depth + 1));
        }

        int position = _chosen.Count;
        _positions[name] = position;
        _chosen.Add(new Chosen(
            new ModuleSettings
            {
                Name = name,
                Path = $"/usr/lib/modules/{name}.ko",
                Always = always,
                Options = _options.GetValueOrDefault(name) ?? "",
                Needs = [.. needs.Where(need => need >= 0).Distinct().Order()],
                Algorithm = algorithm,
                Aliases = always ? [] : DeviceAliases(name),
            },
            path));
        return position;
    }

    /// <summary>A soft need: a module's name or an alias; nothing of it has to exist.</summary>
    private List<int> AddSoft(string wanted, int depth)
    {
        string name = ModuleIndex.KernelName(wanted);
        if (_index.Path(name) is not null)
        {
            return [Add(name, always: false, depth)];
        }

        var positions = new List<int>();
        string algorithm = wanted.StartsWith(CryptoPrefix, StringComparison.Ordinal) ? wanted[CryptoPrefix.Length..] : wanted;
        foreach (string module in _index.WithAlias(wanted))
        {
            if (IsForProcessors(module))
            {
                Add(module, always: false, depth);
            }
            else
            {
                positions.Add(Add(module, always: false, depth, _index.Aliases(module).Contains(CryptoPrefix + algorithm) ? algorithm : ""));
            }
        }

        return positions;
    }

    private void AddForProcessors(string alias)
    {
        foreach (string module in _index.WithAlias(alias).Where(IsForProcessors))
        {
            Add(module, always: false, depth: 0);
        }
    }

    private bool IsForProcessors(string module) =>
        _index.Aliases(module).Any(alias => alias.StartsWith(ProcessorAlias, StringComparison.Ordinal));

    /// <summary>Those that the kernel can send for a device: <c>bus:values</c>; not names such as <c>crypto-sha256</c>.</summary>
    private string[] DeviceAliases(string name) => [.. _index.Aliases(name).Where(alias => alias.Contains(':', StringComparison.Ordinal))];
}
