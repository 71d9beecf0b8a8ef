using System;
using InitRuntime.Mkinitramfs.Cli;

return CommandLine.Run(args, Console.Out, Console.Error);
