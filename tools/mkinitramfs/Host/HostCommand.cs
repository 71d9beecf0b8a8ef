using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;

namespace InitRuntime.Mkinitramfs.Host;

/// <summary>One outside program to run to its end: what it is, its words, and what it may see.</summary>
internal sealed record HostCommand(string Program, params IReadOnlyList<string> Arguments)
{
    private const int ShownErrorLines = 20;

    /// <summary>Variables added to this process's environment.</summary>
    internal IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Bytes on its standard input; without them it gets none.</summary>
    internal byte[]? Input { get; init; }

    /// <summary>A file that is its standard input, instead of <see cref="Input"/>.</summary>
    internal string? InputFile { get; init; }

    /// <summary>A file that its standard output goes to, instead of the result.</summary>
    internal string? OutputFile { get; init; }

    /// <summary>The command as a person would type it.</summary>
    public override string ToString() => string.Join(' ', Arguments.Prepend(Program).Select(Quote));

    /// <summary>Runs it and gives its standard output.</summary>
    /// <exception cref="BuildException">It cannot be started, or ends with another code than 0.</exception>
    internal byte[] Run(IBuildLog log)
    {
        (int code, byte[] output, string errors) = TryRun(log);
        return code == 0 ? output : throw new BuildException(
            $"{Program} failed with exit code {code}: {LastLines(errors.Length > 0 ? errors : Encoding.UTF8.GetString(output))}",
            $"the command was: {this}");
    }

    /// <summary>As <see cref="Run"/>, its output as text.</summary>
    internal string RunText(IBuildLog log) => Encoding.UTF8.GetString(Run(log));

    /// <summary>Runs it and gives its exit code, standard output and standard error.</summary>
    /// <exception cref="BuildException">It cannot be started.</exception>
    internal (int ExitCode, byte[] Output, string Errors) TryRun(IBuildLog log)
    {
        log.Command(ToString());
        var start = new ProcessStartInfo(Program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in Environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Start(start);
        using Stream output = OutputFile is null ? new MemoryStream() : File.Create(OutputFile);
        Task copying = process.StandardOutput.BaseStream.CopyToAsync(output);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        try
        {
            using Stream input = InputFile is null ? new MemoryStream(Input ?? []) : File.OpenRead(InputFile);
            input.CopyTo(process.StandardInput.BaseStream);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading its input; its exit code and messages tell why.
        }

        process.WaitForExit();
        copying.Wait();
        return (process.ExitCode, (output as MemoryStream)?.ToArray() ?? [], errors.Result);
    }

    private Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new BuildException($"{Program} cannot be started: {e.Message}", $"install the Debian package that has {Program}", e);
        }
    }

    private static string LastLines(string text)
    {
        string[] lines = text.TrimEnd().Split('\n');
        return string.Join('\n', lines.TakeLast(ShownErrorLines));
    }

    private static string Quote(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./=:,+@%".Contains(c)) ? word : $"'{word.Replace("'", "'\\''")}'";
}
