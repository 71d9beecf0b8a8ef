using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.Kmod;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Kmod;

public sealed class ModuleListsTests
{
    private const string Version = "6.12.0-test";

    private static readonly string[] _patterns =
    [
        "pci:v00008086d*sv*sd*bc01sc06i01*", "pci:v*d*sv*sd*bc01sc06i*", "of:N*T*Cacme,i2c-controller", "scsi:t-0x0[05]*",
        "virtio:d0000000[1-3]v*",
        "usb:v1D6Bp000[!2]d*", "a?c", "crypto-aes",
    ];

    private static readonly string[] _modaliases =
    [
        "pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01", "pci:v00001022d00007901sv0sd0bc01sc06i02",
        "of:Ni2cT(null)Cacme,i2c-controller",
        "of:Ni2cT(null)Cacme,i2c_controller", "scsi:t-0x00", "scsi:t-0x05", "scsi:t-0x07", "virtio:d00000002v00001AF4",
        "virtio:d00000004v00001AF4",
        "usb:v1D6Bp0003d0510", "usb:v1D6Bp0002d0510", "abc", "a-c", "ac", "crypto_aes", "crypto-aes", "crypto-aes-x",
    ];

    [Fact]
    public void A_modalias_gives_the_modules_that_modprobe_gives()
    {
        using var directory = new TemporaryDirectory();
        string modules = Depmod(directory, [.. _patterns.Select((pattern, i) => new Module($"m-{i}", $".asciz \"alias={pattern}\""))]);
        Assert.True(ModuleLists.TryParseAliases(
            File.ReadAllBytes(Path.Combine(modules, "modules.alias")), out IReadOnlyList<ModuleAliasEntry>? aliases, out _));
        Assert.Equal(_patterns.Length, aliases.Count);
        int found = 0;
        foreach (string modalias in _modaliases)
        {
            // It fails when there is no module: then it prints none.
            (_, byte[] output, _) = Tools.Tree.Command("modprobe", "-C", "/dev/null", "-d", directory.Path, "-S", Version, "-R", modalias)
                .TryRun(new PlainLog(TextWriter.Null, showCommands: false));
            string[] theirs = Encoding.ASCII.GetString(output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            IEnumerable<string> ours = aliases.Where(alias => ModuleAlias.Matches(alias.Pattern, modalias)).Select(alias => alias.Name);
            Assert.Equal(theirs.Order(), ours.Order());
            found += theirs.Length;
        }

        Assert.True(found >= 12, $"modprobe found {found} modules only");
    }

    [Fact]
    public void What_depmod_writes_is_read()
    {
        using var directory = new TemporaryDirectory();
        string modules = Depmod(
            directory,
            [
                new("low-level", ".section __ksymtab_strings,\"a\"\n.asciz \"low\""),
                new("middle", ".section __ksymtab_strings,\"a\"\n.asciz \"middle\"\n.data\n.quad low"),
                new("top", ".asciz \"softdep=pre: low-level crc32c post: other\"\n.asciz \"weakdep=middle\"\n.data\n.quad middle"),
            ]);

        Assert.True(
            ModuleLists.TryParseDependencies(
                File.ReadAllBytes(Path.Combine(modules, "modules.dep")), out IReadOnlyList<ModuleDependency>? dependencies, out _));
        Assert.Equal(["low_level", "middle", "top"], dependencies.Select(d => d.Name).Order());
        ModuleDependency top = dependencies.Single(d => d.Name == "top");
        Assert.Equal("kernel/top.ko", top.Path);
        Assert.Equal(["kernel/middle.ko", "kernel/low-level.ko"], top.Needs);
        Assert.Empty(dependencies.Single(d => d.Name == "low_level").Needs);

        Assert.True(
            ModuleLists.TryParseSoftDependencies(
                File.ReadAllBytes(Path.Combine(modules, "modules.softdep")), out IReadOnlyList<ModuleSoftDependency>? soft, out _));
        ModuleSoftDependency one = Assert.Single(soft);
        Assert.Equal("top", one.Name);
        Assert.Equal(["low-level", "crc32c"], one.Before);
        Assert.Equal(["other"], one.After);

        Assert.True(
            ModuleLists.TryParseWeakDependencies(
                File.ReadAllBytes(Path.Combine(modules, "modules.weakdep")), out IReadOnlyList<ModuleWeakDependency>? weak, out _));
        Assert.Equal(("top", "middle"), (Assert.Single(weak).Name, Assert.Single(weak[0].Modules)));
    }

    [Fact]
    public void Built_in_modules_are_known_by_the_kernels_names()
    {
        Assert.True(
            ModuleLists.TryParseBuiltIn("kernel/fs/ext4/ext4.ko\nkernel/drivers/md/dm-mod.ko\n"u8, out IReadOnlySet<string>? names, out _));
        Assert.Equal(["dm_mod", "ext4"], names.Order());
    }

    [Theory]
    [InlineData("kernel/drivers/md/dm-verity.ko.xz", "dm_verity")]
    [InlineData("dm-verity.ko.zst", "dm_verity")]
    [InlineData("a.ko", "a")]
    [InlineData("dm-verity", "dm_verity")]
    public void A_file_tells_the_kernels_name(string path, string name) => Assert.Equal(name, ModuleName.FromPath(path));

    [Fact]
    public void A_line_that_is_not_understood_is_named()
    {
        Assert.False(ModuleLists.TryParseAliases("# comment\n\nalias a b\nalias c\n"u8, out _, out ParseError error));
        Assert.Equal("line 4: wanted \"alias <pattern> <module>\"", error.Message);
        Assert.False(ModuleLists.TryParseDependencies("a.ko b.ko\n"u8, out _, out error));
        Assert.Equal("line 1: wanted \"<path>: <path>..\"", error.Message);
        Assert.False(ModuleLists.TryParseSoftDependencies("soft a pre: b"u8, out _, out error));
        Assert.Equal("line 1: wanted \"softdep <module> pre: <module>.. post: <module>..\"", error.Message);
        Assert.False(ModuleLists.TryParseWeakDependencies("weakdep"u8, out _, out error));
        Assert.Equal("line 1: wanted \"weakdep <module> <module>..\"", error.Message);
        Assert.False(ModuleLists.TryParseBuiltIn("a b"u8, out _, out error));
        Assert.Equal("line 1: wanted \"<path>\"", error.Message);
    }

    [Fact]
    public void Damage_is_answered_and_never_thrown()
    {
        Hostile.EveryPrefixAndEveryDamagedByte("a.ko: b.ko\n\nc.ko:\n"u8, bytes => ModuleLists.TryParseDependencies(bytes, out _, out _));
        Hostile.EveryPrefixAndEveryDamagedByte(
            "softdep a pre: b post: c\n"u8, bytes => ModuleLists.TryParseSoftDependencies(bytes, out _, out _));
        Hostile.EveryPrefixAndEveryDamagedByte("weakdep a b c\n"u8, bytes => ModuleLists.TryParseWeakDependencies(bytes, out _, out _));
        Hostile.EveryPrefixAndEveryDamagedByte("alias a[b-c]*? d\n"u8, bytes => ModuleLists.TryParseAliases(bytes, out _, out _));
        Hostile.EveryPrefixAndEveryDamagedByte("kernel/a.ko\n"u8, bytes => ModuleLists.TryParseBuiltIn(bytes, out _, out _));
        Hostile.EveryPrefixAndEveryDamagedByte(
            "pci:v[0-9!]*\\*?[]a]"u8, bytes => ModuleAlias.Matches(Encoding.Latin1.GetString(bytes), "pci:v1x*y]"));
    }

    private sealed record Module(string Name, string ModuleInformation);

    /// <summary>Makes module files that hold nothing but their tables, and runs depmod over them.</summary>
    private static string Depmod(TemporaryDirectory directory, IReadOnlyList<Module> modules)
    {
        string top = directory[$"lib/modules/{Version}"];
        Directory.CreateDirectory(Path.Combine(top, "kernel"));
        foreach (Module module in modules)
        {
            string source = $".section .modinfo,\"a\"\n{module.ModuleInformation}\n";
            string file = Path.Combine(top, "kernel", module.Name + ".ko");
            new HostCommand("cc", "-c", "-x", "assembler", "-o", file, "-") { Input = Encoding.ASCII.GetBytes(source) }
                .Run(new PlainLog(TextWriter.Null, showCommands: false));
        }

        Tools.Run("depmod", "-C", "/dev/null", "-b", directory.Path, Version);
        return top;
    }
}
