using System;
using System.Collections.Generic;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace InitRuntime.Mkinitramfs.Build;

/// <summary><c>image.json</c>: what a build made, for update servers, attestation and people.</summary>
internal sealed record ImageSummary
{
    public required string Name { get; init; }

    public required string Version { get; init; }

    public required Guid ImageUuid { get; init; }

    public required string Architecture { get; init; }

    public required string KernelVersion { get; init; }

    /// <summary>As sealed in the UKI.</summary>
    public required string CommandLine { get; init; }

    /// <summary>erofs or squashfs.</summary>
    public required string FileSystem { get; init; }

    /// <summary>Digest of the verity tree, by its kernel name.</summary>
    public required string Algorithm { get; init; }

    /// <summary>Lower-case hex.</summary>
    public required string Roothash { get; init; }

    /// <summary>Lower-case hex.</summary>
    public required string Salt { get; init; }

    /// <summary>Where the verity superblock begins in rootfs.img, in bytes.</summary>
    public required long HashOffset { get; init; }

    /// <summary>In bytes.</summary>
    public required int DataBlockSize { get; init; }

    /// <summary>In bytes.</summary>
    public required int HashBlockSize { get; init; }

    public required long DataBlocks { get; init; }

    /// <summary>Where the error correction begins in rootfs.img, in bytes; absent without it.</summary>
    public long? FecOffset { get; init; }

    public int? FecRoots { get; init; }

    /// <summary>PARTUUIDs of the disk, by partition label: where an update is written to.</summary>
    public required IReadOnlyDictionary<string, Guid> Partitions { get; init; }

    /// <summary>Persistent volumes, in the order of their partitions.</summary>
    public IReadOnlyList<VolumeSummary> Volumes { get; init; } = [];

    /// <summary>Modules in the initramfs, in loading order.</summary>
    public required IReadOnlyList<string> Modules { get; init; }

    /// <summary>What PCR 11 will be: by bank, then by the phases entered so far.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Pcr11 { get; init; }

    /// <summary>The files of the build, by name.</summary>
    public required IReadOnlyDictionary<string, ArtefactSummary> Artefacts { get; init; }

    /// <summary>Kernel versions have a "+", which is no danger in a file.</summary>
    private static ImageSummaryJsonContext Json { get; } = new(new JsonSerializerOptions(ImageSummaryJsonContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    internal static byte[] Write(ImageSummary summary) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(summary, Json.ImageSummary), (byte)'\n'];

    /// <exception cref="JsonException">It is not such a file.</exception>
    internal static ImageSummary Read(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, ImageSummaryJsonContext.Default.ImageSummary) ?? throw new JsonException("empty");
}

/// <summary>One persistent volume.</summary>
/// <param name="Name">Also its partition's label.</param>
/// <param name="Mount">Where the root has it.</param>
/// <param name="FileSystem">btrfs, ext4 or xfs.</param>
/// <param name="Encrypt">The manifest's word.</param>
internal sealed record VolumeSummary(string Name, string Mount, string FileSystem, string Encrypt);

/// <summary>One file of a build.</summary>
/// <param name="Size">In bytes.</param>
/// <param name="Sha256">Lower-case hex.</param>
internal sealed record ArtefactSummary(long Size, string Sha256);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    WriteIndented = true)]
[JsonSerializable(typeof(ImageSummary))]
internal sealed partial class ImageSummaryJsonContext : JsonSerializerContext;
