using System;
using InitRuntime.Formats;
using InitRuntime.Formats.Luks2;
using InitRuntime.Formats.Tpm;

namespace InitRuntime.TpmUnlock;

/// <summary>Finds, checks and makes the key that seals lie under.</summary>
internal static class StorageRoot
{
    /// <summary>The parent of a systemd seal: the very key of its token, by Name, or the transient primary of old tokens.</summary>
    internal static LoadedObject ForToken(Tpm tpm, SystemdTpm2Token token)
    {
        if (token.StorageRootKey.Length == 0)
        {
            return tpm.CreatePrimary(PublicTemplates.LegacyPrimary(token.PrimaryType()));
        }

        if (!SerializedHandle.TryParse(token.StorageRootKey, out SerializedHandle wanted, out ParseError error) || wanted.Key is null)
        {
            throw new TpmException(TpmFailure.BadToken, $"the token's storage root key: {(error.IsError ? error.Message : "not a key")}");
        }

        LoadedObject? persistent = tpm.TryReadPublic(wanted.Handle);
        if (persistent is not null && persistent.Name.AsSpan().SequenceEqual(wanted.Name))
        {
            return persistent;
        }

        // The handle may have been evicted or overwritten while the TPM's seed, and so the key itself, is still there.
        LoadedObject? made = tpm.TryCreatePrimary(PublicTemplates.StorageRootKey(wanted.Key.Type));
        if (made is not null && made.Name.AsSpan().SequenceEqual(wanted.Name))
        {
            return made;
        }

        made?.Dispose();
        throw new TpmException(
            TpmFailure.OtherTpm,
            persistent is null
                ? $"the TPM has no storage root key at 0x{wanted.Handle:x8}, and makes another one than the token's"
                : $"the TPM's storage root key at 0x{wanted.Handle:x8} is not the token's",
            "the TPM was cleared or replaced: unlock another way and enrol again");
    }

    /// <summary>The storage root key of this TPM for a new seal; made and kept at its reserved handle when there is none.</summary>
    internal static LoadedObject GetOrCreate(Tpm tpm)
    {
        if (tpm.TryReadPublic(Handles.StorageRootKey) is { } present)
        {
            return present;
        }

        using LoadedObject made = tpm.TryCreatePrimary(PublicTemplates.StorageRootKey(AlgorithmId.Ecc))
            ?? tpm.CreatePrimary(PublicTemplates.StorageRootKey(AlgorithmId.Rsa));
        tpm.TryPersist(made, Handles.StorageRootKey);
        LoadedObject? kept = tpm.TryReadPublic(Handles.StorageRootKey);
        return kept is not null && kept.Name.AsSpan().SequenceEqual(made.Name)
            ? kept
            : throw new TpmException(TpmFailure.BadAnswer, "the storage root key that was just made is not at its handle");
    }
}
