using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Initramfs;

/// <summary>
/// An /init with an integrator's compiled hooks: a small project is generated that holds the registry (a switch from names to constructors,
/// no reflection), references the assemblies of /init and the projects of the hooks, and is compiled by NativeAOT as /init itself is.
/// </summary>
internal static partial class HookedInit
{
    /// <summary>Directory beside the program for /init: its assemblies, Init.props and the package of the interface.</summary>
    internal const string Library = "init-lib";

    /// <summary>MSBuild's word for a command that failed.</summary>
    private const string BuildStepFailed = "MSB3077";

    private const string AssemblyName = "hooked-init";

    private static readonly TimeSpan _keptFor = TimeSpan.FromDays(14);

    /// <summary>What is added to the name of the program for /init: the one that runs programs as hooks.</summary>
    private const string WithHooks = "-hooks";

    /// <summary>The /init that a manifest needs: without hooks, with programs as hooks, or with compiled ones.</summary>
    /// <param name="manifest">Has the hooks.</param>
    /// <param name="init">The program without hooks; what the others need is beside it.</param>
    /// <param name="cache">Keeps what was compiled.</param>
    /// <param name="log">Is told of the compilation.</param>
    /// <exception cref="BuildException">It is missing, or cannot be compiled.</exception>
    internal static byte[] For(ImageManifest manifest, string init, string cache, IBuildLog log) =>
        manifest.Hooks.Count == 0 ? DeviceProgram.Init.Read(init)
        : Compiled(manifest).Any() ? Build(manifest, init, cache, log)
        : DeviceProgram.Read(init + WithHooks, "/init with hooks");

    /// <summary>Builds it, or takes what an earlier build of the same left.</summary>
    /// <exception cref="BuildException">There is no SDK, or the hooks do not compile: every error with its file and line.</exception>
    private static byte[] Build(ImageManifest manifest, string init, string cache, IBuildLog log)
    {
        string library = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(init))!, Library);
        if (!Directory.Exists(library))
        {
            throw new BuildException($"compiled hooks need the assemblies of /init, and {library} is missing", "./initruntime in the repository makes it");
        }

        string registry = Registry(Compiled(manifest));
        string project = Project(Compiled(manifest), library);
        // What the hooks themselves are made of is dotnet's to find out: it compiles anew what has changed.
        string work = Path.Combine(cache, $"hooks-{Digest(registry, project, AssembliesOf(library))}");
        Directory.CreateDirectory(work);
        using FileStream held = FileLock.Hold($"{work}.lock");
        RemoveUnused(cache, work);
        WriteIfNew(Path.Combine(work, "Registry.cs"), registry);
        WriteIfNew(Path.Combine(work, $"{AssemblyName}.csproj"), project);
        // Nothing above the directory takes part.
        WriteIfNew(Path.Combine(work, "Directory.Build.props"), "<Project />\n");
        WriteIfNew(Path.Combine(work, "Directory.Build.targets"), "<Project />\n");
        WriteIfNew(Path.Combine(work, "Directory.Packages.props"), "<Project />\n");
        return log.Step("compiling the hooks into /init", () => Publish(work, library, log));
    }

    /// <summary>The source of the registry. A class that is missing or is no hook is an error at the manifest's line.</summary>
    internal static string Registry(IEnumerable<HookSection> hooks)
    {
        var cases = new StringBuilder();
        var makers = new StringBuilder();
        foreach ((int i, HookSection hook) in hooks.Index())
        {
            cases.Append($"        \"{hook.Settings.Name}\" => Make{i}(),\n");
            makers.Append($"\n    private static IBootHook Make{i}() =>\n#line {hook.Line} \"{hook.File}\"\n        new global::{hook.Settings.Program}();\n#line default\n");
        }

        return $$"""
            using InitRuntime;
            using InitRuntime.Hooks;

            internal static class Registry
            {
                private static int Main(string[] arguments) => Init.Run(arguments, Make);

                private static IBootHook? Make(string name) => name switch
                {
            {{cases}}        _ => null,
                };
            {{makers}}}

            """;
    }

    private static string Project(IEnumerable<HookSection> hooks, string library)
    {
        var references = new StringBuilder();
        foreach (string assembly in Directory.GetFiles(library, "*.dll").Order(StringComparer.Ordinal))
        {
            references.Append($"    <Reference Include=\"{Path.GetFileNameWithoutExtension(assembly)}\" HintPath=\"{Xml(assembly)}\" />\n");
        }

        foreach (string source in hooks.Select(hook => hook.Source!).Distinct().Order(StringComparer.Ordinal))
        {
            references.Append($"    <ProjectReference Include=\"{Xml(source)}\" />\n");
        }

        return $$"""
            <Project Sdk="Microsoft.NET.Sdk">
              <Import Project="{{Xml(Path.Combine(library, "Init.props"))}}" />
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <OutputType>Exe</OutputType>
                <WithHooks>true</WithHooks>
                <AssemblyName>{{AssemblyName}}</AssemblyName>
                <Nullable>enable</Nullable>
                <ImplicitUsings>disable</ImplicitUsings>
                <InvariantGlobalization>true</InvariantGlobalization>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <TrimmerSingleWarn>false</TrimmerSingleWarn>
                <JsonSerializerIsReflectionEnabledByDefault>false</JsonSerializerIsReflectionEnabledByDefault>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
            {{references}}  </ItemGroup>
            </Project>

            """;
    }

    private static byte[] Publish(string work, string library, IBuildLog log)
    {
        string output = Path.Combine(work, "publish");
        (int code, byte[] said, string errors) = new HostCommand(
            "dotnet", "publish", Path.Combine(work, $"{AssemblyName}.csproj"), "--configuration", "Release", "--output", output, "--nologo",
            // Paths of this machine stay out; and hook projects find the package of the interface without a word of configuration.
            "-p:DebugType=none", "-p:Deterministic=true", $"-p:RestoreAdditionalProjectSources={library}")
        {
            Environment = new Dictionary<string, string> { ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1", ["DOTNET_NOLOGO"] = "1", ["DOTNET_CLI_UI_LANGUAGE"] = "en" },
        }.TryRun(log);
        if (code != 0)
        {
            string text = Encoding.UTF8.GetString(said);
            string[] found = [.. ErrorLine().Matches(text).Select(match => $"{match.Groups["place"].Value}: {match.Groups["what"].Value}").Distinct()];
            // What the native compiler found is told; that it found something is then no news.
            found = found.Any(line => !line.Contains(BuildStepFailed, StringComparison.Ordinal)) ? [.. found.Where(line => !line.Contains(BuildStepFailed, StringComparison.Ordinal))] : found;
            throw new BuildException(
                found.Length > 0 ? $"the hooks do not compile:\n{string.Join('\n', found)}" : $"dotnet publish failed with exit code {code}: {errors}{text}",
                "a hook is a class with a constructor without arguments that implements InitRuntime.Hooks.IBootHook");
        }

        return DeviceProgram.Read(Path.Combine(output, AssemblyName), "/init with hooks");
    }

    private static IEnumerable<HookSection> Compiled(ImageManifest manifest) => manifest.Hooks.Where(hook => hook.Settings.Kind == HookKind.Compiled);

    private static string AssembliesOf(string library) => string.Concat(Directory.GetFiles(library).Order(StringComparer.Ordinal)
        .Select(file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))));

    private static string Digest(params string[] texts) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', texts))))[..16];

    /// <summary>What no build has used for two weeks is of a manifest, or of a version of this program, that is gone.</summary>
    private static void RemoveUnused(string cache, string used)
    {
        File.SetLastWriteTimeUtc($"{used}.lock", DateTime.UtcNow);
        foreach (string directory in Directory.GetDirectories(cache, "hooks-*"))
        {
            if (directory != used && DateTime.UtcNow - File.GetLastWriteTimeUtc($"{directory}.lock") > _keptFor)
            {
                Directory.Delete(directory, recursive: true);
                File.Delete($"{directory}.lock");
            }
        }
    }

    private static void WriteIfNew(string path, string text)
    {
        if (!File.Exists(path) || File.ReadAllText(path) != text)
        {
            File.WriteAllText(path, text);
        }
    }

    private static string Xml(string text) => SecurityElement.Escape(text);

    // file(line,column): error CS0000: what [project]; without a place: program : Trim analysis error IL0000: what. Analysers warn of the same with the place.
    [GeneratedRegex(@"^\s*(?<place>\S[^\r\n]*?)\s*: (\w+ analysis )?(error (?=[A-Z])|warning (?=IL))(?<what>[A-Z]+\d+: [^\r\n]*?)( \[[^\r\n\]]*\])?\r?$", RegexOptions.Multiline)]
    private static partial Regex ErrorLine();
}
