using System.Collections.Generic;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.Kmod;
using InitRuntime.Linux;

namespace InitRuntime.Storage.Devices;

/// <summary>
/// Loads the modules of the image: some at every boot, the others when a device asks. Order was settled by the build. Those of the
/// root come into play once it is mounted.
/// </summary>
public sealed class ModuleLoader(IReadOnlyList<ModuleSettings> modules, Kmsg log)
{
    /// <summary>What the processor asks to be driven by.</summary>
    private const string Processor = "/sys/devices/system/cpu/modalias";

    private readonly bool[] _done = new bool[modules.Count];
    private string? _root;

    /// <summary>Loads those of the initramfs that are needed at every boot.</summary>
    /// <exception cref="BootException">One of them cannot be loaded.</exception>
    public void LoadAlways() => LoadAlways(inRoot: false);

    /// <summary>Loads those of the verified root, mounted at <paramref name="root"/>, that are needed at every boot.</summary>
    /// <exception cref="BootException">One of them cannot be loaded.</exception>
    public void LoadFromRoot(string root)
    {
        _root = root;
        LoadAlways(inRoot: true);
    }

    private void LoadAlways(bool inRoot)
    {
        // The processor is no device of a bus; its faster digests and ciphers ask for it. They come first: who uses a digest takes
        // the best there is at that time, and the kernel itself has to hash every further module.
        if (KernelFile.TryReadText(Processor) is { Length: > 0 } processor)
        {
            LoadFor(processor, inRoot);
        }

        for (int i = 0; i < modules.Count; i++)
        {
            if (modules[i].Always && modules[i].InRoot == inRoot)
            {
                LoadOrFail(i);
            }
        }
    }

    /// <summary>
    /// Loads what a device asks for, if the initramfs has it or, with <paramref name="inRoot"/>, the root. A driver that fails is
    /// reported, and the boot goes on without it.
    /// </summary>
    public void LoadFor(string modalias, bool inRoot)
    {
        for (int i = 0; i < modules.Count; i++)
        {
            if (!_done[i] && modules[i].InRoot == inRoot && Asks(modules[i], modalias))
            {
                TryLoad(i, modalias);
            }
        }
    }

    /// <summary>Loads what brings an algorithm to the kernel's crypto API, unless the kernel has it.</summary>
    public void LoadForAlgorithm(string algorithm)
    {
        for (int i = 0; i < modules.Count; i++)
        {
            if (!_done[i] && modules[i].Algorithm == algorithm)
            {
                TryLoad(i, algorithm);
            }
        }
    }

    /// <summary>Loads a module that only some boots need; that the kernel has it built in is no error.</summary>
    /// <exception cref="BootException">It cannot be loaded.</exception>
    public void LoadByName(string name)
    {
        for (int i = 0; i < modules.Count; i++)
        {
            if (modules[i].Name == name)
            {
                LoadOrFail(i);
            }
        }
    }

    private void LoadOrFail(int index)
    {
        try
        {
            Load(index);
        }
        catch (SyscallException e)
        {
            throw new BootException(
                $"module {modules[index].Name} cannot be loaded: {e.Message}", hint: "were the kernel and the modules of the image built together?", inner: e);
        }
    }

    private void TryLoad(int index, string askedBy)
    {
        try
        {
            Load(index);
        }
        catch (SyscallException e)
        {
            log.Write(Priority.Choice, $"devices: module {modules[index].Name}, asked for by {askedBy}: {e.Message}; going on without it");
        }
    }

    private static bool Asks(ModuleSettings module, string modalias)
    {
        foreach (string pattern in module.Aliases)
        {
            if (ModuleAlias.Matches(pattern, modalias))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Loads a module after what it needs. What it needs stands before it, so this ends.</summary>
    private void Load(int index)
    {
        if (_done[index])
        {
            return;
        }

        _done[index] = true;
        if (modules[index].Algorithm is { Length: > 0 } algorithm && CryptoApi.Has(algorithm))
        {
            log.Write(Priority.Detail, $"devices: module {modules[index].Name} left out: the kernel has {algorithm}");
            return;
        }

        foreach (int need in modules[index].Needs)
        {
            Load(need);
        }

        KernelModule.Load(modules[index].InRoot ? _root + modules[index].Path : modules[index].Path, modules[index].Options);
        log.Write(Priority.Detail, $"devices: module {modules[index].Name} loaded");
    }
}
