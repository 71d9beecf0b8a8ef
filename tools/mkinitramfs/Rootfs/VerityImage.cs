using System;
using System.Globalization;
using System.IO;
using System.Text;
using InitRuntime.Crypto;
using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.Verity;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Rootfs;

/// <summary>Appends to a file system's image what dm-verity needs: superblock, hash tree, and error correction if asked for.</summary>
internal static class VerityImage
{
    /// <summary>Path in the initramfs of the signature of the root hash.</summary>
    internal const string SignaturePath = "/etc/initruntime/root-hash.p7s";

    /// <summary>Parameters of the table for an image whose tree has yet to be made: no root hash.</summary>
    internal static VeritySettings Plan(VeritySection verity, long dataLength) => new()
    {
        Algorithm = verity.Algorithm,
        RootHash = "",
        Salt = verity.Salt,
        DataBlockSize = verity.DataBlockSize,
        HashBlockSize = verity.HashBlockSize,
        DataBlocks = dataLength / verity.DataBlockSize,
        HashOffset = dataLength,
        OnCorruption = verity.OnCorruption,
        CheckAtMostOnce = verity.CheckAtMostOnce,
        IgnoreZeroBlocks = verity.IgnoreZeroBlocks,
        TryVerifyInTasklet = verity.TryVerifyInTasklet,
        RootHashSignature = verity.RootHashKey is null ? null : SignaturePath,
    };

    /// <summary>Writes tree and error correction behind the data, which has to fill whole blocks; gives the table's parameters.</summary>
    /// <exception cref="BuildException">No tree can have these parameters, or veritysetup fails.</exception>
    internal static VeritySettings Append(VeritySection verity, Guid uuid, string image, ToolsTree tools, IBuildLog log)
    {
        using var stream = new FileStream(image, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, bufferSize: 1 << 16);
        VeritySettings settings = Plan(verity, stream.Length);
        if (!DigestAlgorithms.TryFromKernelName(verity.Algorithm, out DigestAlgorithm algorithm))
        {
            throw new BuildException($"verity.algorithm: \"{verity.Algorithm}\" is not known");
        }

        var superblock = new VeritySuperblock
        {
            Uuid = uuid,
            Algorithm = algorithm,
            DataBlockSize = settings.DataBlockSize,
            HashBlockSize = settings.HashBlockSize,
            DataBlocks = settings.DataBlocks,
            Salt = Convert.FromHexString(settings.Salt),
        };
        byte[] rootHash;
        try
        {
            rootHash = VerityTree.Append(stream, superblock, settings.HashOffset);
        }
        catch (ArgumentException e)
        {
            throw new BuildException($"verity: {e.Message}", inner: e);
        }

        settings = settings with { RootHash = Convert.ToHexStringLower(rootHash) };
        if (verity.FecRoots == 0)
        {
            return settings;
        }

        stream.Flush();
        return settings with { Fec = AppendErrorCorrection(verity.FecRoots, uuid, settings, image, stream.Length, tools, log) };
    }

    /// <summary>
    /// The signature that the kernel checks against its keyring when the table is loaded: a detached PKCS#7, DER, over the
    /// root hash as lower-case hex. Source: <c>verity_verify_root_hash</c> in drivers/md/dm-verity-verify-sig.c.
    /// </summary>
    internal static byte[] SignRootHash(string rootHash, string key, string certificate, ToolsTree tools, IBuildLog log) =>
        (tools.Command(
            "openssl", "smime", "-sign", "-binary", "-noattr", "-nocerts", "-md", "sha256", "-outform", "DER", "-inkey", key, "-signer", certificate) with
        {
            Input = Encoding.ASCII.GetBytes(rootHash),
        }).Run(log);

    /// <summary>
    /// Reed-Solomon parity over data and tree, by veritysetup: it makes the same tree once more, which is checked. The kernel
    /// counts data blocks, then hash blocks from the tree's begin to the parity. Source: drivers/md/dm-verity-fec.c.
    /// </summary>
    private static ForwardErrorCorrection AppendErrorCorrection(
        int roots, Guid uuid, VeritySettings settings, string image, long treeEnd, ToolsTree tools, IBuildLog log)
    {
        if (!VerityGeometry.TryCreate(settings, out VerityGeometry? geometry, out ParseError error))
        {
            throw new BuildException($"verity: {error.Message}");
        }

        long offset = (treeEnd + settings.DataBlockSize - 1) / settings.DataBlockSize * settings.DataBlockSize;
        string output = tools.Run(
            "veritysetup", "format", image, image, $"--hash={settings.Algorithm}", $"--salt={(settings.Salt.Length == 0 ? "-" : settings.Salt)}",
            $"--uuid={uuid}", $"--data-block-size={settings.DataBlockSize}", $"--hash-block-size={settings.HashBlockSize}",
            $"--data-blocks={settings.DataBlocks}", $"--hash-offset={settings.HashOffset}", $"--fec-device={image}",
            $"--fec-offset={offset}", $"--fec-roots={roots}");
        if (!output.Contains(settings.RootHash, StringComparison.Ordinal))
        {
            throw new BuildException(string.Create(
                CultureInfo.InvariantCulture, $"veritysetup made another root hash than this program ({settings.RootHash}):\n{output}"));
        }

        log.Note($"error correction: {new FileInfo(image).Length - offset} bytes");
        return new ForwardErrorCorrection
        {
            Offset = offset,
            Roots = roots,
            Blocks = settings.DataBlocks + (offset / settings.DataBlockSize) - geometry.HashStartBlock,
        };
    }
}
