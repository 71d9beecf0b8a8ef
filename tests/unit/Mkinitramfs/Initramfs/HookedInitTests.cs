using System;
using System.IO;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Initramfs;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.Mkinitramfs.Manifest;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Initramfs;

/// <summary>Hooks that are compiled into /init, by the real compilers. That they run is shown in virtual machines.</summary>
public sealed class HookedInitTests : IDisposable
{
    private const int LargestNothing = 50_000;

    private readonly TemporaryDirectory _cache = new();

    public void Dispose() => _cache.Dispose();

    [FactWithInit]
    public void One_that_does_nothing_adds_little_and_the_same_bytes_wherever_it_is_built()
    {
        byte[] without = DeviceProgram.Read(InitProgram.Path + "-hooks", "/init");
        using ManifestFile first = Project("Gateway.Hook", "public void Run(HookContext context) { }");
        using ManifestFile second = Project("Gateway.Hook", "public void Run(HookContext context) { }");
        byte[] init = Build(first);
        Assert.Null(DeviceProgram.Problem(init));
        Assert.InRange(init.Length - without.Length, 1, LargestNothing);
        Assert.Equal(init, Build(second));
    }

    [TheoryWithInit]
    [InlineData("Gateway.Nothing", "public void Run(HookContext context) { }", "m.toml(12,", "CS0234: The type or namespace name 'Nothing' does not exist in the namespace 'Gateway'")]
    [InlineData("Gateway.Other", "public void Run(HookContext context) { }", "m.toml(12,", "CS0029: Cannot implicitly convert type 'Gateway.Other' to 'InitRuntime.Hooks.IBootHook'")]
    [InlineData("Gateway.Hook", "public int Run(HookContext context) => 1;", "Hook.cs(5,", "CS0738: 'Hook' does not implement interface member 'IBootHook.Run(HookContext)'")]
    [InlineData("Gateway.Hook", "public void Run(HookContext context) { int i = \"a\"; }", "Hook.cs(7,", "CS0029: Cannot implicitly convert type 'string' to 'int'")]
    [InlineData("Gateway.Hook", "public void Run(HookContext context) => context.Log($\"{System.Type.GetType(context.Name)}\");", "Hook.cs(7,", "IL2057: ")]
    public void A_mistake_is_told_with_file_and_line(string name, string code, string place, string what)
    {
        using ManifestFile file = Project(name, code);
        BuildException error = Assert.Throws<BuildException>(() => Build(file));
        Assert.StartsWith("the hooks do not compile:\n", error.Message, StringComparison.Ordinal);
        Assert.Contains($"/{place}", error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("MSB3077", error.Message, StringComparison.Ordinal);
    }

    private byte[] Build(ManifestFile file)
    {
        ManifestReading reading = file.Read();
        Assert.Empty(reading.Errors);
        return HookedInit.For(reading.Manifest!, InitProgram.Path, _cache.Path, new PlainLog(TextWriter.Null, showCommands: false));
    }

    private static ManifestFile Project(string name, string code)
    {
        var file = new ManifestFile($"""
            {ManifestFile.Smallest}[[hook]]
            name = "test"
            at = "root-ready"
            project = "hook/Hook.csproj"
            class = "{name}"
            """);
        Directory.CreateDirectory(file["hook"]);
        File.WriteAllText(file["hook/Hook.csproj"], """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <IsAotCompatible>true</IsAotCompatible>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="InitRuntime.Hooks" Version="*" />
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(file["hook/Hook.cs"], $$"""
            using InitRuntime.Hooks;

            namespace Gateway;

            public sealed class Hook : IBootHook
            {
                {{code}}
            }

            public sealed class Other
            {
            }
            """);
        return file;
    }
}

/// <summary>A fact about an /init that is compiled anew.</summary>
internal sealed class FactWithInitAttribute : FactAttribute
{
    public FactWithInitAttribute() => Skip = InitProgram.Missing;
}

/// <inheritdoc cref="FactWithInitAttribute"/>
internal sealed class TheoryWithInitAttribute : TheoryAttribute
{
    public TheoryWithInitAttribute() => Skip = InitProgram.Missing;
}

/// <summary>Where ./initruntime leaves the program for /init, and what others are compiled with.</summary>
internal static class InitProgram
{
    internal static string Path { get; } = Repository.Built(DeviceProgram.Init);

    /// <summary>Why it cannot be used; null if it can.</summary>
    internal static string? Missing { get; } = File.Exists(Path + "-hooks") ? null : "./initruntime makes what this compiles with";
}
