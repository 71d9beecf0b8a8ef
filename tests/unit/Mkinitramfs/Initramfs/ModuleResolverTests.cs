using System;
using System.Collections.Generic;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Initramfs;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Initramfs;

/// <summary>The lines are those of Debian's linux-image-6.12.117+deb13-amd64, as depmod wrote them; shortened.</summary>
public sealed class ModuleResolverTests
{
    private const string Dependencies = """
        kernel/drivers/md/dm-verity.ko.xz: kernel/drivers/md/dm-bufio.ko.xz kernel/drivers/md/dm-mod.ko.xz kernel/lib/reed_solomon/reed_solomon.ko.xz
        kernel/drivers/md/dm-bufio.ko.xz: kernel/drivers/md/dm-mod.ko.xz
        kernel/drivers/md/dm-mod.ko.xz:
        kernel/lib/reed_solomon/reed_solomon.ko.xz:
        kernel/fs/erofs/erofs.ko.xz: kernel/lib/libcrc32c.ko.xz
        kernel/lib/libcrc32c.ko.xz:
        kernel/crypto/crc32c_generic.ko.xz:
        kernel/arch/x86/crypto/crc32c-intel.ko.xz:
        kernel/arch/x86/crypto/sha256-ssse3.ko.xz:
        kernel/drivers/crypto/padlock-sha.ko.xz:
        kernel/drivers/nvme/host/nvme-core.ko.xz: kernel/drivers/nvme/common/nvme-auth.ko.xz
        kernel/drivers/nvme/common/nvme-auth.ko.xz:
        kernel/drivers/nvme/host/nvme.ko.xz: kernel/drivers/nvme/host/nvme-core.ko.xz kernel/drivers/nvme/common/nvme-auth.ko.xz
        kernel/drivers/md/dm-crypt.ko.xz: kernel/drivers/md/dm-mod.ko.xz
        kernel/fs/btrfs/btrfs.ko.xz: kernel/crypto/xor.ko.xz kernel/lib/libcrc32c.ko.xz
        kernel/crypto/xor.ko.xz:
        kernel/crypto/blake2b_generic.ko.xz:
        kernel/arch/x86/crypto/aesni-intel.ko.xz: kernel/crypto/cryptd.ko.xz
        kernel/crypto/cryptd.ko.xz:
        kernel/a.ko:
        kernel/b.ko:
        """;

    private const string SoftDependencies = """
        # Soft dependencies extracted from modules themselves.
        softdep libcrc32c pre: crc32c
        softdep btrfs pre: blake2b-256
        softdep btrfs pre: crypto-crc32c
        softdep cifs gcm
        softdep a pre: b post: nvme
        softdep b pre: a not-there
        """;

    private const string Aliases = """
        # Aliases extracted from modules themselves.
        alias crc32c crc32c_intel
        alias cpu:type:x86,ven*fam*mod*:feature:*0094* crc32c_intel
        alias crc32c crc32c_generic
        alias crypto-crc32c crc32c_generic
        alias crypto-crc32c crc32c_intel
        alias crypto-sha256 sha256_ssse3
        alias cpu:type:x86,ven*fam*mod*:feature:*0089* sha256_ssse3
        alias crypto-sha256-all padlock_sha
        alias pci:v*d*sv*sd*bc01sc08i02* nvme
        alias nvme-fabrics nvme
        alias blake2b-256 blake2b_generic
        alias crypto-blake2b-256 blake2b_generic
        alias crypto-aes aesni_intel
        alias cpu:type:x86,ven*fam*mod*:feature:*0099* aesni_intel
        """;

    private const string BuiltIn = "kernel/drivers/char/tpm/tpm_crb.ko\nkernel/crypto/sha256_generic.ko\n";

    private static readonly ModuleIndex _index = ModuleIndex.Parse(Dependencies, SoftDependencies, Aliases, BuiltIn, "drbg.alias=crypto-drbg\0zbud.license=GPL\0");

    [Fact]
    public void Each_module_stands_behind_all_that_it_needs()
    {
        IReadOnlyList<ModuleSettings> modules = Resolve([Always("dm-verity"), Always("erofs"), ByDevice("nvme")]);
        Assert.Equal(
            ["dm_mod", "dm_bufio", "dm_verity"], modules.Select(module => module.Name).Where(name => name.StartsWith("dm", StringComparison.Ordinal)));
        ModuleSettings verity = modules.Single(module => module.Name == "dm_verity");
        Assert.Equal(["dm_bufio", "dm_mod", "reed_solomon"], verity.Needs.Select(need => modules[need].Name).Order(StringComparer.Ordinal));
        Assert.All(modules.Index(), item => Assert.All(item.Item.Needs, need => Assert.InRange(need, 0, item.Index - 1)));
        Assert.Equal("/usr/lib/modules/dm_verity.ko", verity.Path);
    }

    [Fact]
    public void A_soft_need_takes_the_plain_module_along_and_leaves_the_processors_one_to_its_alias()
    {
        IReadOnlyList<ModuleSettings> modules = Resolve([Always("erofs")]);
        ModuleSettings library = modules.Single(module => module.Name == "libcrc32c");
        Assert.Equal(["crc32c_generic"], library.Needs.Select(need => modules[need].Name));
        ModuleSettings processors = modules.Single(module => module.Name == "crc32c_intel");
        Assert.False(processors.Always);
        Assert.Equal(["cpu:type:x86,ven*fam*mod*:feature:*0094*"], processors.Aliases);
    }

    [Fact]
    public void What_is_wanted_for_an_algorithm_alone_can_be_left_out_where_the_processor_brings_it()
    {
        Dictionary<string, string> algorithms = Resolve([Always("erofs"), Always("btrfs")]).ToDictionary(module => module.Name, module => module.Algorithm);
        Assert.Equal("crc32c", algorithms["crc32c_generic"]);
        Assert.Equal("", algorithms["crc32c_intel"]);
        Assert.Equal("", algorithms["libcrc32c"]);
        ModuleResolver.Wish xor = Always("xor") with { Algorithm = "xor" };
        Assert.Equal("xor", Resolve([xor]).Single().Algorithm);
        // btrfs uses its symbols.
        Assert.Equal("", Resolve([xor, Always("btrfs")]).Single(module => module.Name == "xor").Algorithm);
        Assert.Equal("", Resolve([Always("btrfs"), xor]).Single(module => module.Name == "xor").Algorithm);
    }

    [Fact]
    public void A_faster_digest_for_dm_verity_is_taken_along_for_the_processors_that_have_it()
    {
        ModuleSettings module = Assert.Single(Resolve([], ["sha256"]));
        Assert.Equal("sha256_ssse3", module.Name);
        Assert.False(module.Always);
    }

    [Fact]
    public void Devices_load_by_alias_and_what_is_always_loaded_has_none()
    {
        ModuleSettings byDevice = Resolve([ByDevice("nvme")]).Single(module => module.Name == "nvme");
        Assert.Equal(["pci:v*d*sv*sd*bc01sc08i02*"], byDevice.Aliases);
        ModuleSettings always = Resolve([ByDevice("nvme"), Always("nvme")]).Single(module => module.Name == "nvme");
        Assert.True(always.Always);
        Assert.Empty(always.Aliases);
    }

    [Fact]
    public void A_need_that_is_also_wished_for_every_boot_becomes_one()
    {
        IReadOnlyList<ModuleSettings> modules = Resolve([Always("dm-verity"), Always("dm_mod")]);
        Assert.Single(modules, module => module.Name == "dm_mod");
        Assert.True(modules.Single(module => module.Name == "dm_mod").Always);
    }

    [Fact]
    public void A_built_in_module_needs_no_file()
    {
        Assert.Empty(Resolve([Always("tpm-crb"), ByDevice("drbg")]));
    }

    [Fact]
    public void A_circle_of_soft_needs_ends()
    {
        IReadOnlyList<ModuleSettings> modules = Resolve([Always("a")]);
        Assert.Equal(["b", "a"], modules.Select(module => module.Name));
        Assert.Equal([0], modules[1].Needs);
    }

    [Fact]
    public void All_missing_modules_are_named_with_the_key_that_asks_for_them()
    {
        BuildException error = Assert.Throws<BuildException>(() => Resolve([ByDevice("nvm"), Always("dm_crypto")]));
        Assert.Contains("nvm (kernel.modules)", error.Message, StringComparison.Ordinal);
        Assert.Contains("dm_crypto (kernel.modules-always)", error.Message, StringComparison.Ordinal);
        Assert.Contains("nvme", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_belong_to_a_module_of_the_initramfs()
    {
        ModuleSettings module = ModuleResolver.Resolve(_index, Early([ByDevice("nvme")]), Nothing, InRoot, new Dictionary<string, string> { ["nvme"] = "poll_queues=1" })
            .Single(chosen => chosen.Settings.Name == "nvme").Settings;
        Assert.Equal("poll_queues=1", module.Options);
        BuildException error = Assert.Throws<BuildException>(
            () => ModuleResolver.Resolve(_index, Early([ByDevice("nvme")]), Nothing, InRoot, new Dictionary<string, string> { ["tpm_crb"] = "x=1" }));
        Assert.Contains("tpm_crb", error.Message, StringComparison.Ordinal);
        Assert.Contains("kernel.command-line", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_needed_before_comes_from_the_root_and_stands_behind_what_the_initramfs_has()
    {
        IReadOnlyList<ModuleSettings> modules = ResolveLate([Always("dm-verity")], [Always("dm_crypt"), Always("btrfs")], ["aes"]);
        ModuleSettings crypt = modules.Single(module => module.Name == "dm_crypt");
        Assert.Equal((true, true, "/usr/lib/modules/6.12/kernel/drivers/md/dm-crypt.ko.xz"), (crypt.InRoot, crypt.Always, crypt.Path));
        ModuleSettings need = modules[Assert.Single(crypt.Needs)];
        Assert.Equal(("dm_mod", false, "/usr/lib/modules/dm_mod.ko"), (need.Name, need.InRoot, need.Path));
        Assert.Equal(
            ["dm_bufio", "dm_mod", "dm_verity", "reed_solomon"],
            modules.TakeWhile(module => !module.InRoot).Select(module => module.Name).Order(StringComparer.Ordinal));
        Assert.All(modules.SkipWhile(module => !module.InRoot), module => Assert.True(module.InRoot));
    }

    [Fact]
    public void A_file_system_of_the_root_brings_its_needs_and_soft_needs()
    {
        IReadOnlyList<ModuleSettings> modules = ResolveLate([], [Always("btrfs")], []);
        ModuleSettings btrfs = modules.Single(module => module.Name == "btrfs");
        Assert.Equal(["blake2b_generic", "crc32c_generic", "libcrc32c", "xor"], btrfs.Needs.Select(need => modules[need].Name).Order(StringComparer.Ordinal));
        Assert.All(modules, module => Assert.True(module.InRoot));
    }

    [Fact]
    public void A_volumes_file_system_gets_its_checksum_when_its_superblock_is_known()
    {
        IReadOnlyList<ModuleSettings> modules = ResolveLate([Always("erofs")], [Always("btrfs") with { ChoosesAlgorithm = true }], []);
        ModuleSettings btrfs = modules.Single(module => module.Name == "btrfs");
        Assert.Equal(["libcrc32c", "xor"], btrfs.Needs.Select(need => modules[need].Name).Order(StringComparer.Ordinal));
        ModuleSettings checksum = modules.Single(module => module.Name == "blake2b_generic");
        Assert.Equal((true, false, "blake2b-256"), (checksum.InRoot, checksum.Always, checksum.Algorithm));
        Assert.Equal(["crc32c_generic"], modules.Single(module => module.Name == "libcrc32c").Needs.Select(need => modules[need].Name));
    }

    [Fact]
    public void The_processors_AES_is_loaded_by_its_alias()
    {
        ModuleSettings aes = ResolveLate([], [], ["aes"]).Single(module => module.Name == "aesni_intel");
        Assert.Equal((true, false), (aes.InRoot, aes.Always));
        Assert.Equal(["cpu:type:x86,ven*fam*mod*:feature:*0099*"], aes.Aliases);
    }

    [Fact]
    public void What_the_initramfs_needs_stays_there()
    {
        IReadOnlyList<ModuleSettings> modules = ResolveLate([Always("erofs")], [Always("btrfs"), Always("libcrc32c")], []);
        ModuleSettings library = modules.Single(module => module.Name == "libcrc32c");
        Assert.Equal((false, true), (library.InRoot, library.Always));
        Assert.True(modules.Single(module => module.Name == "btrfs").InRoot);
    }

    [Fact]
    public void An_optional_module_may_be_missing()
    {
        Assert.Empty(ResolveLate([], [Always("wdat_wdt") with { Optional = true }], []));
        Assert.Throws<BuildException>(() => ResolveLate([], [Always("wdat_wdt")], []));
    }

    private static ModuleResolver.Wish Always(string name) => new(name, "kernel.modules-always", Always: true);

    private static ModuleResolver.Wish ByDevice(string name) => new(name, "kernel.modules", Always: false);

    private static IReadOnlyList<ModuleSettings> Resolve(ModuleResolver.Wish[] wishes, string[]? algorithms = null) =>
        [.. ModuleResolver.Resolve(_index, new(wishes, algorithms ?? []), Nothing, InRoot, new Dictionary<string, string>()).Select(chosen => chosen.Settings)];

    private static IReadOnlyList<ModuleSettings> ResolveLate(
        ModuleResolver.Wish[] early, ModuleResolver.Wish[] late, string[] algorithms) =>
        [.. ModuleResolver.Resolve(_index, Early(early), new(late, algorithms), InRoot, new Dictionary<string, string>())
            .Select(chosen => chosen.Settings)];

    private static ModuleResolver.Wishes Nothing { get; } = new([], []);

    private static ModuleResolver.Wishes Early(ModuleResolver.Wish[] wishes) => new(wishes, []);

    private static string InRoot(string path) => $"/usr/lib/modules/6.12/{path}";
}
