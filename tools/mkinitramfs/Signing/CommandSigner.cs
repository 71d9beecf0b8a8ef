using System;
using System.Collections.Generic;
using System.Linq;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Signing;

/// <summary>
/// A key that only an outside command can use (an HSM, a signing server): it gets the SHA-256 digest as lower-case hex in its
/// last argument and prints the raw RSA PKCS#1 v1.5 signature.
/// </summary>
internal sealed class CommandSigner : IDigestSigner
{
    private readonly IReadOnlyList<string> _words;
    private readonly IBuildLog _log;

    internal CommandSigner(IReadOnlyList<string> words, IBuildLog log)
    {
        if (words.Count == 0)
        {
            throw new BuildException("the signing command is empty");
        }

        _words = words;
        _log = log;
    }

    public byte[] Sign(byte[] sha256Digest) =>
        new HostCommand(_words[0], [.. _words.Skip(1), Convert.ToHexStringLower(sha256Digest)]).Run(_log);
}
