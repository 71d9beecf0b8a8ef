using System;
using InitRuntime.Mkinitramfs.Host;

ToolsTree tree = ToolsTree.Open(CacheDirectory.Path, new PlainLog(Console.Out, showCommands: true));
Console.WriteLine(tree.Run("ukify", "--version"));
