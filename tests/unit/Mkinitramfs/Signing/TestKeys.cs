using System;
using System.IO;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Signing;
using InitRuntime.Unit.Harness;

namespace InitRuntime.Unit.Mkinitramfs.Signing;

/// <summary>One set of development keys for a class of tests, and the real signing tools with them.</summary>
public sealed class TestKeys : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public TestKeys() => DevelopmentKeys.Make(_directory["keys"]);

    /// <summary>Where the keys are.</summary>
    public string Directory => _directory["keys"];

    /// <summary>A file of the set: <c>db.crt</c>.</summary>
    public string this[string name] => Path.Combine(Directory, name);

    internal AuthenticodeSigner Signer(string name = "db") =>
        new(SigningCertificate.Open(this[name + ".crt"]), PemKeySigner.Open(this[name + ".key"]));

    /// <summary>A program as sbsign signs it with db.</summary>
    internal byte[] Sbsign(string program)
    {
        using var work = new TemporaryDirectory();
        Tools.Run("sbsign", "--key", this["db.key"], "--cert", this["db.crt"], "--output", work["signed.efi"], program);
        return File.ReadAllBytes(work["signed.efi"]);
    }

    /// <summary>Whether sbverify accepts a file for a certificate of the set.</summary>
    internal bool Sbverify(string file, string certificate = "db.crt")
    {
        (int code, _, string errors) = Tools.Tree.Command("sbverify", "--cert", this[certificate], file)
            .TryRun(new PlainLog(TextWriter.Null, showCommands: false));
        return code switch
        {
            0 => true,
            1 => false,
            _ => throw new InvalidOperationException($"sbverify ended with {code}: {errors}"),
        };
    }

    public void Dispose() => _directory.Dispose();
}
