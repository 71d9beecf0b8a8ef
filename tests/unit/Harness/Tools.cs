using System;
using System.IO;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Unit.Harness;

/// <summary>The real tools, from the same tree that the build uses: the oracles of these tests.</summary>
internal static class Tools
{
    private static readonly Lazy<ToolsTree> _tree = new(() => ToolsTree.Open(CacheDirectory.Path, new PlainLog(TextWriter.Null, showCommands: false)));

    internal static ToolsTree Tree => _tree.Value;

    /// <summary>Runs a tool to its end; its output as text. A failure is a failed test that shows its last lines.</summary>
    internal static string Run(string tool, params string[] arguments) => Tree.Run(tool, arguments);

    /// <summary>The command for a tool that wants to know which machine it is on, which the tree does not say.</summary>
    /// <param name="identityFile">A file in the form of /etc/machine-id.</param>
    /// <param name="command">The tool and its arguments.</param>
    internal static string[] OnMachine(string identityFile, params string[] command) =>
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-euc", "mount --bind \"$0\" /etc/machine-id; exec \"$@\"", identityFile, .. command];
}
