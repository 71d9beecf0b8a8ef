using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Formats;
using InitRuntime.Formats.Overlay;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Rootfs;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Rootfs;

public sealed class RootListingTests
{
    private static readonly RootChanges _changes = new("test", "1.0", 1735689600) { Listed = ["/etc", "/opt/data-1"] };

    /// <summary>A shell says what each entry of the finished root is, by find and sha256sum. The last bit is that of directories.</summary>
    private const string Describe = """
        cd "$0"
        content() { if [ -L "$1" ]; then printf %s "$(readlink "$1")"; elif [ -f "$1" ]; then cat "$1"; elif [ -c "$1" ]; then printf 1:3; fi; }
        find . -mindepth 1 -printf '%P\n' | while read -r path; do
            kind="$(find "$path" -maxdepth 0 -printf '%y %m %U %G')"
            digest="$({ echo "$kind"; content "$path"; } | sha256sum | cut -c1-32)"
            last=$((0x${digest:31} & 14))
            [ "${kind%% *}" != d ] || last=$((last | 1))
            printf '%s%x %s\n' "${digest:0:31}" "$last" "$path"
        done | LC_ALL=C sort -k 2
        """;

    [FactAsRoot]
    public void A_listing_is_what_the_finished_root_has()
    {
        using var directory = new TemporaryDirectory();
        SmallRoot.Make(directory);
        string etc = directory["root/etc"];
        Directory.CreateDirectory(Path.Combine(etc, "ssl/private"), (UnixFileMode)0x1c8 /* 0710 */);
        File.WriteAllText(Path.Combine(etc, "ssl/\u0151.crt"), "certificate");
        File.CreateSymbolicLink(Path.Combine(etc, "ssl/link"), "../hostname");
        Tools.Run("sh", "-euc", """
            cd "$0"; chmod 4755 etc/hostname; chown 7:8 etc/ssl; mknod etc/null c 1 3; mkfifo etc/pipe; ln usr/bin/cp etc/program
            tar --numeric-owner --sort=name --mtime=@0 -cf ../root.tar .
            """, directory["root"]);
        using TarArchive source = TarArchive.Open(directory["root.tar"]);
        RootTar tar = RootTar.Write(source, directory["out.tar"], _changes);
        Directory.CreateDirectory(directory["x"]);
        Tools.Run("tar", "-xpf", tar.Path, "-C", directory["x"]);
        string text = File.ReadAllText(directory["x/usr/lib/initruntime/overlay/etc.list"]);
        Assert.Equal(Tools.Run("bash", "-euc", Describe, directory["x/etc"]), text);
        Assert.Contains(" machine-id\n", text, StringComparison.Ordinal);
        Assert.Equal("", File.ReadAllText(directory[@"x/usr/lib/initruntime/overlay/opt-data\x2d1.list"]));
    }

    [Fact]
    public void A_listing_has_what_the_build_moved_added_and_implied_but_not_itself()
    {
        using var directory = new TemporaryDirectory();
        SmallRoot.Make(directory);
        Directory.CreateDirectory(directory["root/srv/deep/er"]);
        File.WriteAllText(directory["root/srv/deep/er/file"], "x");
        Tools.Run("sh", "-euc", """cd "$0"; tar --numeric-owner --owner=0 --group=0 --no-recursion -cf ../root.tar usr usr/lib usr/lib/os-release usr/bin srv/deep/er/file""", directory["root"]);
        using TarArchive source = TarArchive.Open(directory["root.tar"]);
        RootTar tar = RootTar.Write(source, directory["out.tar"], _changes with
        {
            Listed = ["/usr/lib", "/srv"],
            ImagePaths = ["/srv/deep/er"],
            Added = [new AddedFile("usr/lib/new/file", [1])],
        });
        Directory.CreateDirectory(directory["x"]);
        Tools.Run("tar", "-xpf", tar.Path, "-C", directory["x"]);
        IEnumerable<string> Listed(string name) => File.ReadLines(directory[$"x/usr/lib/initruntime/overlay/{name}.list"]).Select(line => line[33..]);
        Assert.Equal(["deep", "deep/er"], Listed("srv"));
        Assert.Equal(
            [
                "initruntime", "initruntime/image", "initruntime/image/srv", "initruntime/image/srv/deep", "initruntime/image/srv/deep/er",
                "initruntime/image/srv/deep/er/file", "new", "new/file", "os-release",
            ],
            Listed("usr-lib"));
        Assert.True(LowerListing.TryParse(File.ReadAllBytes(directory["x/usr/lib/initruntime/overlay/usr-lib.list"]), out _, out ParseError error), error.Message);
    }

    [Fact]
    public void A_listing_of_an_earlier_build_is_replaced_and_the_UUID_changes_none()
    {
        using var directory = new TemporaryDirectory();
        SmallRoot.Make(directory);
        Directory.CreateDirectory(directory["root/usr/lib/initruntime/overlay"]);
        File.WriteAllText(directory["root/usr/lib/initruntime/overlay/usr.list"], "old");
        Tools.Run("tar", "--sort=name", "-cf", directory["root.tar"], "-C", directory["root"], ".");
        using TarArchive source = TarArchive.Open(directory["root.tar"]);
        RootTar tar = RootTar.Write(source, directory["out.tar"], _changes with { Listed = ["/usr"] });
        string before = Tools.Run("tar", "-xOf", tar.Path, "./usr/lib/initruntime/overlay/usr.list");
        Assert.Contains(" lib/os-release\n", before, StringComparison.Ordinal);
        tar.WriteUuid(new Guid("01234567-89ab-8def-8123-456789abcdef"));
        Assert.Equal(before, Tools.Run("tar", "-xOf", tar.Path, "./usr/lib/initruntime/overlay/usr.list"));
        Assert.Single(Tools.Run("tar", "-tf", tar.Path).Split('\n'), "./usr/lib/initruntime/overlay/usr.list");
    }

    [Fact]
    public void A_name_that_is_no_UTF_8_is_refused_below_a_kept_overlay_only()
    {
        using var directory = new TemporaryDirectory();
        SmallRoot.Make(directory);
        Tools.Run("bash", "-euc", """cd "$0"; touch $'opt\xff'; tar --sort=name -cf ../root.tar .; rm $'opt\xff'""", directory["root"]);
        using TarArchive source = TarArchive.Open(directory["root.tar"]);
        RootTar.Write(source, directory["out.tar"], _changes);
        Tools.Run("bash", "-euc", """cd "$0"; touch $'etc/\xff'; tar --sort=name -cf ../root.tar .; rm $'etc/\xff'""", directory["root"]);
        using TarArchive other = TarArchive.Open(directory["root.tar"]);
        Assert.Contains("no UTF-8", Assert.Throws<BuildException>(() => RootTar.Write(other, directory["out.tar"], _changes)).Message, StringComparison.Ordinal);
    }
}
