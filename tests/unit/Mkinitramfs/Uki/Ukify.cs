using System;
using System.Collections.Generic;
using System.IO;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Unit.Harness;

namespace InitRuntime.Unit.Mkinitramfs.Uki;

/// <summary>systemd's ukify. It needs python3-pefile, which its package only recommends.</summary>
internal static class Ukify
{
    private const string ModuleDirectory = "usr/lib/python3/dist-packages";

    private static readonly PlainLog _log = new(TextWriter.Null, showCommands: false);
    private static readonly Lazy<string> _modules = new(FindPefile);

    internal static string Run(params IReadOnlyList<string> arguments)
    {
        HostCommand command = Tools.Tree.Command("ukify", arguments);
        return (command with
        {
            Environment = new Dictionary<string, string>(command.Environment)
            {
                ["PYTHONPATH"] = _modules.Value,
                ["PYTHONDONTWRITEBYTECODE"] = "1",
            },
        }).RunText(_log);
    }

    /// <summary>The tools tree's own copy if it has one; else the package is fetched once and kept in the cache.</summary>
    private static string FindPefile()
    {
        string inTree = Tools.Tree.HostPath(ModuleDirectory);
        if (File.Exists(Path.Combine(inTree, "pefile.py")))
        {
            return inTree;
        }

        string kept = Path.Combine(CacheDirectory.Path, "python3-pefile");
        using FileStream held = FileLock.Hold(kept + ".lock");
        string modules = Path.Combine(kept, ModuleDirectory);
        if (!Directory.Exists(modules))
        {
            using var work = new TemporaryDirectory();
            const string Script = "cd \"$1\" && apt-get download python3-pefile && dpkg-deb -x ./*.deb tree && cp -r tree \"$2\"";
            new HostCommand("sh", "-c", Script, "fetch", work.Path, kept).Run(_log);
        }

        return modules;
    }
}
