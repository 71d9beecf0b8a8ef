using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Encodings.Web;
using System.Text.Json;

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
        using var stream = new MemoryStream();
        stream.WriteByte(RecordSeparator);
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("pcr"u8, Pcr);
            json.WriteStartArray("digests"u8);
            foreach (MeasuredDigest digest in Digests)
            {
                json.WriteStartObject();
                json.WriteString("hashAlg"u8, Algorithms.Name(digest.Bank));
                json.WriteString("digest"u8, Convert.ToHexStringLower(digest.Digest));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("content_type"u8, "systemd"u8);
            json.WriteStartObject("content"u8);
            json.WriteString("string"u8, Text);
            json.WriteString("bootId"u8, bootId.ToString("N"));
            json.WriteNumber("timestamp"u8, (long)sinceBoot.TotalMicroseconds);
            json.WriteString("eventType"u8, EventType);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        stream.WriteByte(LineFeed);
        return stream.ToArray();
    }
}
