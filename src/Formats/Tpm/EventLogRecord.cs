using System;
using System.Collections.Generic;
using System.IO;
using InitRuntime.Formats.Json;

namespace InitRuntime.Formats.Tpm;

/// <summary>A digest that went into one bank.</summary>
/// <param name="Bank">The bank.</param>
/// <param name="Digest">As long as its hash.</param>
public readonly record struct MeasuredDigest(AlgorithmId Bank, byte[] Digest);

/// <summary>
/// One record of systemd's log of user space measurements, /run/log/systemd/tpm2-measure.log (systemd docs/TPM2_PCR_MEASUREMENTS.md).
/// </summary>
public sealed record EventLogRecord
{
    /// <summary>RFC 7464: a record separator comes before each record, and a line feed after it.</summary>
    private const byte RecordSeparator = 0x1e;

    private const byte LineFeed = 0x0a;

    /// <summary>The PCR that was extended.</summary>
    public required int Pcr { get; init; }

    /// <summary>What went into each bank.</summary>
    public required IReadOnlyList<MeasuredDigest> Digests { get; init; }

    /// <summary>What was measured, in words: for a phase the word itself. Never a secret.</summary>
    public required string Text { get; init; }

    /// <summary><c>phase</c>, <c>volume-key</c>, <c>filesystem</c> or <c>machine-id</c>.</summary>
    public required string EventType { get; init; }

    /// <summary>The record's bytes.</summary>
    /// <param name="bootId">/proc/sys/kernel/random/boot_id.</param>
    /// <param name="sinceBoot">CLOCK_BOOTTIME.</param>
    public byte[] Encode(Guid bootId, TimeSpan sinceBoot)
    {
        var json = new JsonOutput();
        json.BeginObject();
        json.Number("pcr", Pcr);
        json.BeginArray("digests");
        foreach (MeasuredDigest digest in Digests)
        {
            json.BeginObject();
            json.Text("hashAlg", Algorithms.Name(digest.Bank));
            json.Text("digest", Convert.ToHexStringLower(digest.Digest));
            json.EndObject();
        }

        json.EndArray();
        json.Text("content_type", "systemd");
        json.BeginObject("content");
        json.Text("string", Text);
        json.Text("bootId", bootId.ToString("N"));
        json.Number("timestamp", (long)sinceBoot.TotalMicroseconds);
        json.Text("eventType", EventType);
        json.EndObject();
        json.EndObject();

        using var stream = new MemoryStream();
        stream.WriteByte(RecordSeparator);
        stream.Write(json.ToBytes());
        stream.WriteByte(LineFeed);
        return stream.ToArray();
    }
}
