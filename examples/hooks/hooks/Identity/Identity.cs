using System;
using System.IO;
using System.Text;
using InitRuntime.Hooks;
using Org.BouncyCastle.Crypto.Digests;

namespace Gateway;

/// <summary>
/// Machine id and host name of a device, out of what is its own for ever: the UUID that the board's maker gave it (DMI), else the storage
/// root key of its TPM. systemd takes both as credentials, unless /etc says otherwise. Source: systemd.system-credentials(7).
/// </summary>
public sealed class Identity : IBootHook
{
    private const string Credentials = "/run/credentials/@initrd";
    private const string BoardUuid = "/sys/class/dmi/id/product_uuid";
    private const string Tpm = "/dev/tpmrm0";

    /// <summary>TPM2_ReadPublic of the storage root key, 0x81000001. Source: TPM 2.0 part 3, 12.4.</summary>
    private static readonly byte[] _readStorageRootKey = [0x80, 0x01, 0, 0, 0, 14, 0, 0, 0x01, 0x73, 0x81, 0, 0, 0x01];

    /// <inheritdoc/>
    public void Run(HookContext context)
    {
        string prefix = context.Arguments.Count > 0 ? context.Arguments[0] : "device";
        (string source, byte[] number) = Board() ?? TpmKey() ?? throw new InvalidOperationException("neither the board nor the TPM says who this is");
        string machineId = Derive("machine-id", number)[..32];
        string hostName = $"{prefix}-{Derive("host name", number)[..8]}";

        Directory.CreateDirectory(Credentials, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(Path.Combine(Credentials, "system.machine_id"), machineId);
        File.WriteAllText(Path.Combine(Credentials, "system.hostname"), hostName);
        context.Log($"{hostName}, by the {source}");
    }

    private static (string, byte[])? Board()
    {
        string text = File.Exists(BoardUuid) ? File.ReadAllText(BoardUuid).Trim() : "";
        // Boards whose maker did not care have all the same one.
        return Guid.TryParse(text, out Guid uuid) && uuid != Guid.Empty && uuid != Guid.AllBitsSet ? ("board", uuid.ToByteArray()) : null;
    }

    private static (string, byte[])? TpmKey()
    {
        if (!File.Exists(Tpm))
        {
            return null;
        }

        using FileStream tpm = new(Tpm, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        tpm.Write(_readStorageRootKey);
        byte[] answer = new byte[4096];
        int length = tpm.Read(answer);
        // Tag, length, response code 0.
        return length > 10 && answer.AsSpan(6, 4).IndexOfAnyExcept((byte)0) < 0 ? ("TPM", answer[..length]) : null;
    }

    private static string Derive(string use, byte[] number)
    {
        var digest = new Sha256Digest();
        digest.BlockUpdate(Encoding.UTF8.GetBytes($"{use}\0"));
        digest.BlockUpdate(number);
        byte[] value = new byte[digest.GetDigestSize()];
        digest.DoFinal(value);
        return Convert.ToHexStringLower(value);
    }
}
