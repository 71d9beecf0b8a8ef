using System.Collections.Generic;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Mkinitramfs.Signing;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>What a manifest may say, but a product should not: <c>check</c> and <c>build</c> say it aloud.</summary>
internal static class ManifestWarnings
{
    internal static IReadOnlyList<string> Of(ImageManifest manifest)
    {
        var warnings = new List<string>();
        if (manifest.Development.DebugShell)
        {
            warnings.Add("development.debug-shell: a failed boot of this image opens a root shell on the console. Not for a product");
        }

        if (DevelopmentKeys.IsMarked(manifest.Signing.SecureBootCertificate))
        {
            warnings.Add("signing: development keys; whoever has a copy can sign for this device. Not for a product");
        }

        if (manifest.Verity.OnCorruption is CorruptionPolicy.Ignore)
        {
            warnings.Add("verity.on-corruption: this image goes on with changed blocks in its root. Not for a product");
        }

        if (!manifest.Kernel.CommandLine.Contains("gpt"))
        {
            warnings.Add("kernel.command-line: without \"gpt\" the kernel finds no partition when the first copy of the table is damaged");
        }

        if (manifest.Boot.WatchdogSeconds == 0)
        {
            warnings.Add("boot.watchdog: off; a boot that hangs stays hung, and no other slot is tried");
        }

        foreach (VolumeSection volume in manifest.Volumes.Where(volume => volume.Settings.RecoveryKey is RecoveryKeyUse.Show))
        {
            warnings.Add($"volume.recovery-key: the first boot shows the key of {volume.Settings.Name} on the console, to whoever can read it there");
        }

        return warnings;
    }
}
