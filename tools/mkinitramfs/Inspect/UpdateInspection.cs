using System.IO;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Inspect;

/// <summary>What an update file says of itself, and who signed that.</summary>
internal sealed partial class UpdateInspection(byte[] description, byte[]? signature)
{
    private readonly string _text = Encoding.UTF8.GetString(description);

    /// <summary>Whether a member is the one that the description means by its name.</summary>
    internal string Judge(string name, string digest)
    {
        bool isNamed = false;
        foreach (Match entry in Entry().Matches(_text))
        {
            if (entry.Groups["name"].Value == name)
            {
                isNamed = true;
                if (entry.Groups["digest"].Value != digest)
                {
                    return "NOT as described; SWUpdate refuses it";
                }
            }
        }

        return isNamed ? "as described" : "not described; SWUpdate passes over it";
    }

    internal void Write(InspectionWriter writer, ToolsTree tools)
    {
        writer.Value("signature", Signer(tools));
        foreach (string line in _text.Split('\n'))
        {
            writer.Inner.Line(line);
        }
    }

    /// <summary>Whether a device trusts the signer is for the certificate of its image to say, so its digest is told.</summary>
    private string Signer(ToolsTree tools)
    {
        if (signature is null)
        {
            return "none; SWUpdate refuses it";
        }

        string work = Directory.CreateTempSubdirectory("initruntime-").FullName;
        try
        {
            string content = Path.Combine(work, "content");
            string signer = Path.Combine(work, "signer");
            File.WriteAllBytes(content, description);
            HostCommand openssl = tools.Command(
                "openssl", "cms", "-verify", "-inform", "DER", "-binary", "-noverify", "-content", content, "-signer", signer, "-out", "/dev/null");
            if ((openssl with { Input = signature }).TryRun(new PlainLog(TextWriter.Null, showCommands: false)).ExitCode != 0)
            {
                return "NOT for this description; SWUpdate refuses it";
            }

            using X509Certificate2 certificate = X509CertificateLoader.LoadCertificateFromFile(signer);
            return $"by {certificate.Subject} (certificate sha256 {certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256)})";
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    /// <summary>An entry of a file, up to its digest; entries of the build begin with their name.</summary>
    [GeneratedRegex("filename\\s*=\\s*\"(?<name>[^\"]*)\"(?:(?!filename)[\\s\\S])*?sha256\\s*=\\s*\"(?<digest>[0-9a-fA-F]{64})\"")]
    private static partial Regex Entry();
}
