using System.Collections.Generic;
using System.IO;
using System.Text;
using InitRuntime.Mkinitramfs.Initramfs;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Rootfs;

namespace InitRuntime.Mkinitramfs.Update;

/// <summary>What the root of an image needs so that Debian's SWUpdate installs updates of this build tool, and no others.</summary>
internal static class UpdateClient
{
    private const string Directory = "/usr/lib/initruntime";
    private const string Configuration = $"{Directory}/swupdate.cfg";
    private const string Certificate = $"{Directory}/update.crt";
    private const string Key = $"{Directory}/update.aes";
    private const string HardwareFile = "etc/hwrevision";

    /// <summary>Programs and libraries of Debian's packages, for the check of the root.</summary>
    internal static IEnumerable<RootRequirements.Program> Needed(BootSection boot) =>
    [
        new("usr/bin/swupdate", "swupdate", "update.swupdate"),
        boot.HasEntries
            // It runs the script that installs the kernel.
            ? new("usr/bin/sh", "dash", "update.swupdate")
            // SWUpdate loads it to speak with EFI Boot Guard.
            : new("usr/lib/x86_64-linux-gnu/libebgenv.so.0", "libebgenv0", "update.swupdate", IsLibrary: true),
    ];

    /// <summary>The files.</summary>
    /// <param name="manifest">What the image is.</param>
    /// <param name="root">What the root has already; null if it is not known.</param>
    /// <exception cref="Host.BuildException">The certificate cannot be read.</exception>
    internal static IEnumerable<AddedFile> Make(ImageManifest manifest, TarArchive? root)
    {
        yield return Text(Configuration, $$"""
            # Made by initruntime build. SWUpdate takes what is signed by {{Certificate}}.
            globals :
            {
                bootloader = "{{(manifest.Boot.HasEntries ? "none" : "ebg")}}";
                public-key-file = "{{Certificate}}";
                {{(manifest.Signing.UpdateEncryptionKey is null ? "" : $"aes-key-file = \"{Key}\";")}}
                {{(manifest.Update.AllowOlder ? "" : $"no-downgrading = \"{manifest.Image.Version}\";")}}
                preupdatecmd = "{{DeviceProgram.Control.Place}} prepare-update{{(manifest.Boot.HasEntries ? " --retire" : "")}}";
                {{(manifest.Update.Restart ? "postupdatecmd = \"/usr/bin/systemctl reboot\";" : "")}}
                loglevel = 4;
            };

            """);
        yield return Text(Certificate, Signing.PemFile.Read(manifest.Signing.UpdateCertificate!));
        if (manifest.Signing.UpdateEncryptionKey is { } key)
        {
            EncryptionKey.Read(key);
            yield return new(Key[1..], File.ReadAllBytes(key), IsSecret: true);
        }

        yield return Text("/usr/lib/swupdate/conf.d/50-initruntime", $"""
            SWUPDATE_ARGS="-f {Configuration} $SWUPDATE_EXTRA_ARGS"

            """);
        if (root?.Find(HardwareFile) is null)
        {
            yield return Text($"/{HardwareFile}", $"{manifest.Update.Board} {manifest.Update.Revision}\n");
        }
    }

    private static AddedFile Text(string path, string text) => new(path[1..], Encoding.UTF8.GetBytes(text));
}
