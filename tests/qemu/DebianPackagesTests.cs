using System;
using System.IO;
using System.Linq;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>The packages that package.sh makes: lintian judges them, and a Debian 13 that has nothing else of ours builds an image with them.</summary>
public sealed class DebianPackagesTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("initruntime-packages-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void They_are_clean_and_a_fresh_Debian_builds_an_image_with_them()
    {
        Run(Path.Combine(Places.Repository, "package.sh"));
        string[] packages = Directory.GetFiles(Path.Combine(Places.Repository, "out", "packages"), "*.deb");
        Assert.Equal(["initruntime", "initruntime-device"], packages.Select(package => Path.GetFileName(package).Split('_')[0]).Order(StringComparer.Ordinal));
        Run("lintian", ["--allow-root", "--fail-on", "error", .. packages]);

        string root = Path.Combine(_directory, "trixie");
        Run("mmdebstrap", [
            "--quiet", "--variant=apt", $"--customize-hook=copy-in {string.Join(' ', packages)} /tmp",
            "--customize-hook=chroot \"$1\" sh -c 'DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends /tmp/*.deb'", "trixie", root]);

        // What this build machine has downloaded and made already is not made again. There is no dotnet in there.
        Directory.CreateDirectory(Path.Combine(root, "cache"));
        Run("unshare", ["--mount", "--propagation", "private", "sh", "-euc", $$"""
            mount --bind {{root}} {{root}}
            cd {{root}}
            for directory in dev proc sys; do mount --rbind /$directory $directory; done
            mount --bind {{CacheDirectory.Path}} cache
            cp /etc/resolv.conf etc/resolv.conf
            export INITRUNTIME_CACHE=/cache HOME=/root
            unset INITRUNTIME_INIT INITRUNTIME_CTL
            chroot . initruntime new /srv/gateway
            chroot . initruntime build /srv/gateway/image.toml -o /srv/gateway/out --plain
            chroot . initruntime inspect /srv/gateway/out/disk.img
            chroot . initruntime-ctl --version
            chroot . sh -c '! command -v dotnet'
            """]);
        ImageSummary summary = ImageSummary.Read(File.ReadAllBytes(Path.Combine(root, "srv/gateway/out", Artefacts.Summary)));
        Assert.Equal(("gateway", "0.1.0"), (summary.Name, summary.Version));
        foreach (string file in new[] { "usr/share/man/man1/initruntime.1.gz", "usr/share/man/man1/initruntime-ctl.1.gz", "usr/lib/systemd/system/initruntime-confirm.service", "usr/lib/initruntime/swupdate.cfg", "usr/share/initruntime/manifest.schema.json" })
        {
            Assert.True(File.Exists(Path.Combine(root, file)), file);
        }
    }

    private void Run(string program, params string[] arguments)
    {
        (int code, byte[] said, string errors) = new HostCommand(program, arguments).TryRun(new PlainLog(TextWriter.Null, showCommands: false));
        output.WriteLine($"{program}: {code}\n{System.Text.Encoding.UTF8.GetString(said)}{errors}");
        Assert.Equal(0, code);
    }
}
