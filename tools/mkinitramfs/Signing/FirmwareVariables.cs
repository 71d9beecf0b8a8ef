using System.IO;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Signing;

/// <summary>Makes the variable store of a virtual machine's firmware (OVMF) that trusts our keys alone.</summary>
internal static class FirmwareVariables
{
    /// <summary>OVMF's empty variable store, in the tools tree.</summary>
    internal const string EmptyStore = "usr/share/OVMF/OVMF_VARS_4M.fd";

    /// <summary>SignatureOwner of every key enrolled here; firmware only shows it.</summary>
    private const string Owner = "2a1f8a5e-6f0b-4f6c-9d8d-1c36c2b6f0d4";

    /// <summary>
    /// Writes a store with PK, KEK and db of a directory (<c>PK.crt</c>, <c>KEK.crt</c>, <c>db.crt</c>) and Secure Boot on.
    /// </summary>
    /// <exception cref="BuildException">A certificate cannot be read, or virt-fw-vars fails.</exception>
    internal static void Make(ToolsTree tools, string keysDirectory, string output)
    {
        foreach (string name in (string[])["PK.crt", "KEK.crt", "db.crt"])
        {
            SigningCertificate.Open(Path.Combine(keysDirectory, name)).Dispose();
        }

        string Certificate(string name) => Path.GetFullPath(Path.Combine(keysDirectory, name));
        string full = Path.GetFullPath(output);
        string temporary = full + ".making";
        try
        {
            tools.Run(
                "virt-fw-vars", "--input", tools.HostPath(EmptyStore), "--output", temporary, "--set-pk", Owner, Certificate("PK.crt"),
                "--add-kek", Owner, Certificate("KEK.crt"), "--add-db", Owner, Certificate("db.crt"), "--secure-boot");
            File.Move(temporary, full, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
