using System.Text;

namespace InitRuntime.Formats.Luks2;

/// <summary>
/// The token that <c>systemd-cryptenroll --recovery-key</c> writes: it only says that a keyslot's passphrase is a
/// <see cref="RecoveryKey"/>. Source: systemd src/cryptenroll/cryptenroll-recovery.c.
/// </summary>
public static class SystemdRecoveryToken
{
    /// <summary>The token's type.</summary>
    public const string Kind = "systemd-recovery";

    /// <summary>The token's JSON for the keyslot that has the recovery key.</summary>
    public static byte[] Write(int keyslot) => Encoding.ASCII.GetBytes($$"""{"type":"{{Kind}}","keyslots":["{{keyslot}}"]}""");
}
