using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.Luks2;
using InitRuntime.Linux;
using InitRuntime.Stages;
using InitRuntime.Storage.Devices;
using InitRuntime.Storage.Luks;
using InitRuntime.TpmUnlock;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Volumes;

/// <summary>
/// Encrypts a volume that has nothing to keep. The key is sealed first; then the whole header, token and all, is made in memory and
/// put on the partition at once: there is never a header without a seal. The header's own token says until the end that the volume is
/// not finished, so a power cut at any moment leads to the old state or to the work being begun again.
/// </summary>
internal sealed class FirstBoot(BootTpm tpm, RootTools tools, VolumeFileSystem fileSystem, Kmsg log)
{
    private const long DataOffset = StagedHeader.DataOffset;

    private const int SectorSize = 512;

    /// <summary>Iterations that are enough for a passphrase of 256 random bits, as systemd-cryptenroll takes them.</summary>
    private const string Iterations = "1000";

    /// <summary>How cryptsetup makes every volume of ours.</summary>
    internal static readonly string[] HeaderOptions =
    [
        "--type", "luks2", "--batch-mode", "--cipher", "aes-xts-plain64", "--key-size", "512", "--hash", "sha512", "--pbkdf", "pbkdf2",
        "--pbkdf-force-iterations", Iterations, "--key-file", "-",
    ];

    /// <summary>Puts an encryption header on a partition whose content counts for nothing.</summary>
    internal LuksDevice Format(BlockDevice partition, VolumeSettings volume)
    {
        string device = partition.Path;
        log.Write(Priority.Choice, $"volumes: {volume.Name}: first boot: encrypting {device}; what it holds counts for nothing");
        using var passphrase = new SecretBuffer(SystemdUnseal.MaximumPassphraseLength);
        SystemdTpm2Token token = tpm.Seal(passphrase.Span, out int length);
        string header = $"{RootTools.WorkDirectory}/{volume.Name}.luks";
        tools.Feed();
        try
        {
            KernelFile.Create(header, [], 0x180 /* 0600 */);
            using (SafeFileHandle file = KernelFile.Open(header, write: true))
            {
                KernelFile.WriteAt(file, DataOffset - 1, [0], header);
            }

            tools.Run(
                $"making the encryption header of {volume.Name}", "/usr/sbin/cryptsetup",
                ["luksFormat", .. HeaderOptions, "--header", header, "--offset", $"{DataOffset / SectorSize}", "--sector-size", $"{EncryptionSector(device)}", device],
                passphrase.Span[..length]);
            using SafeFileHandle handle = KernelFile.Open(device);
            LuksDevice made = LuksDevice.TryReadAt(header, 0, (ulong)KernelFile.LengthOf(handle, device), out ParseError error)
                ?? throw new BootException($"the new header cannot be read: {error}", header);
            return StagedHeader.Write(LuksHeader.WriteTokens(made, Tokens(token, FirstBootState.New)), partition, clear: true);
        }
        finally
        {
            KernelFile.Remove(header);
        }
    }

    /// <summary>The tokens of a header whose only keyslot has the sealed passphrase.</summary>
    internal static TokenChange[] Tokens(SystemdTpm2Token token, FirstBootState state) =>
        [TokenChange.Put(0, SystemdTpm2TokenWriter.Write(token, keyslot: 0)), TokenChange.Put(1, FirstBootToken.Write(state))];

    /// <summary>Does what is left of a first boot, on the open volume, and then takes the token away that says so.</summary>
    /// <param name="luks">The volume; its state token tells what is left.</param>
    /// <param name="mapped">The path of its open device.</param>
    /// <param name="volume">Its settings.</param>
    /// <param name="key">A passphrase of it.</param>
    internal LuksDevice Finish(LuksDevice luks, string mapped, VolumeSettings volume, VolumeKey key)
    {
        if (luks.FirstBoot!.State == FirstBootState.New)
        {
            fileSystem.Make(mapped, volume);
        }

        if (volume.RecoveryKey != RecoveryKeyUse.None)
        {
            luks = AddRecoveryKey(luks, volume, key);
        }

        luks = LuksHeader.RemoveToken(luks, luks.FirstBoot!.Number);
        log.Write(Priority.Choice, $"volumes: {volume.Name}: encrypted, and sealed to this TPM");
        return luks;
    }

    /// <summary>Makes the file system of an encrypted volume anew. Its key stays: whoever could open it before still can.</summary>
    /// <returns>The volume, without the mark that a power cut leaves: the next boot does the rest then.</returns>
    internal LuksDevice Recreate(LuksDevice luks, string mapped, VolumeSettings volume)
    {
        luks = LuksHeader.WriteTokens(luks, [TokenChange.Put(FreeToken(luks), FirstBootToken.Write(FirstBootState.New))]);
        fileSystem.Make(mapped, volume);
        return LuksHeader.RemoveToken(luks, luks.FirstBoot!.Number);
    }

    /// <summary>4096-byte sectors cost a disk less; a device of odd length cannot have them.</summary>
    internal static int EncryptionSector(string device)
    {
        const int Large = 4096;
        using SafeFileHandle handle = KernelFile.Open(device);
        return KernelFile.LengthOf(handle, device) % Large == 0 ? Large : SectorSize;
    }

    private LuksDevice AddRecoveryKey(LuksDevice luks, VolumeSettings volume, VolumeKey key)
    {
        DropUnfinishedRecovery(luks, key);
        using var random = new SecretBuffer(RecoveryKey.RandomLength);
        using var text = new SecretBuffer(RecoveryKey.TextLength);
        RandomBytes.Fill(random.Span);
        RecoveryKey.Format(random.Span, text.Span);
        using (var pipe = new SecretPipe(text.Span))
        {
            tools.Run(
                $"adding a recovery key to {volume.Name}", "/usr/sbin/cryptsetup",
                [
                    "luksAddKey", "--batch-mode", "--hash", "sha512", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", Iterations, "--key-file", "-",
                    "--new-keyfile-size", $"{RecoveryKey.TextLength}", luks.Path, pipe.Path,
                ],
                key.Passphrase);
        }

        LuksDevice added = luks.ReadAgain();
        int slot = NewKeyslot(luks, added);
        added = LuksHeader.WriteTokens(added, [TokenChange.Put(FreeToken(added), SystemdRecoveryToken.Write(slot))]);
        if (volume.RecoveryKey == RecoveryKeyUse.Escrow)
        {
            tools.Run($"handing over the recovery key of {volume.Name}", volume.EscrowProgram!, [volume.Name, $"{luks.Header.Binary.Uuid}"], text.Span);
        }
        else
        {
            TerminalPrompt.Show($"\nRecovery key of volume {volume.Name}, shown this once: ");
            TerminalPrompt.Show(text.Span);
            TerminalPrompt.Show("\n\n");
        }

        return added;
    }

    /// <summary>A cut may have come between the keyslot and the hand-over: a key that nobody got must not stay.</summary>
    private void DropUnfinishedRecovery(LuksDevice luks, VolumeKey key)
    {
        foreach (Luks2Keyslot slot in luks.Header.Metadata.Keyslots)
        {
            if (slot.Number != key.Keyslot)
            {
                tools.Run(
                    "dropping a key that was not handed over", "/usr/sbin/cryptsetup",
                    ["luksKillSlot", "--batch-mode", "--key-file", "-", luks.Path, $"{slot.Number}"], key.Passphrase);
            }
        }
    }

    private static int FreeToken(LuksDevice luks) =>
        luks.Header.Metadata.FirstFreeToken ?? throw new BootException("the encryption header has no room for another token", luks.Path);

    private static int NewKeyslot(LuksDevice before, LuksDevice after)
    {
        var known = new HashSet<int>();
        foreach (Luks2Keyslot slot in before.Header.Metadata.Keyslots)
        {
            known.Add(slot.Number);
        }

        foreach (Luks2Keyslot slot in after.Header.Metadata.Keyslots)
        {
            if (!known.Contains(slot.Number))
            {
                return slot.Number;
            }
        }

        throw new BootException("cryptsetup added no keyslot", after.Path);
    }
}
