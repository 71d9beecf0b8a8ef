using System;
using System.IO;
using System.Text;
using InitRuntime.Control.Cli;

namespace InitRuntime.Control;

/// <summary>The control program of a device: how it booted, whose data its volumes hold, and its factory reset.</summary>
internal static class Program
{
    private static int Main(string[] arguments) =>
        CommandLine.Run(arguments, Writer(Console.OpenStandardOutput()), Writer(Console.OpenStandardError()));

    private static StreamWriter Writer(Stream stream) => new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
}
