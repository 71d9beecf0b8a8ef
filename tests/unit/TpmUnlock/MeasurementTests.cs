using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using InitRuntime.Formats.Tpm;
using InitRuntime.TpmUnlock;
using Xunit;

namespace InitRuntime.Unit.TpmUnlock;

public sealed class MeasurementTests : IDisposable
{
    private readonly SoftwareTpm _tpm = new();

    public void Dispose() => _tpm.Dispose();

    [Fact]
    public void Phases_give_the_PCR_11_that_systemd_measure_predicts_in_every_bank()
    {
        SignedImage image = new(_tpm);
        image.Measure();
        using (Tpm connection = _tpm.Connect())
        {
            var measurement = new Measurement(connection);
            Assert.Empty(measurement.Phase(Measurement.EnterInitrd).BanksLeftOut);
            measurement.Phase(Measurement.LeaveInitrd);
        }

        string active = _tpm.Run("tpm2_getcap", "pcrs");
        foreach (string bank in (string[])["sha1", "sha256", "sha384", "sha512"])
        {
            if (!active.Contains($"{bank}: [ ]", StringComparison.Ordinal))
            {
                Assert.Equal(image.Predict("enter-initrd:leave-initrd", bank), _tpm.Pcr(11, bank));
            }
        }
    }

    [Fact]
    public void The_volume_key_goes_into_PCR_15_as_an_HMAC_over_name_and_UUID()
    {
        byte[] key = RandomNumberGenerator.GetBytes(64);
        using (Tpm connection = _tpm.Connect())
        {
            MeasurementResult result = new Measurement(connection).VolumeKey(key, "da:ta", "11111111-2222-3333-4444-555555555555");
            Assert.Equal("volume-key", result.Log.EventType);
        }

        // openssl knows the HMAC; the extension is the hash over the old value, zeros, and the new digest.
        string mac = _tpm.Shell(
            "printf '%s' 'cryptsetup:da\\x3ata:11111111-2222-3333-4444-555555555555' | " +
            $"openssl dgst -sha256 -mac HMAC -macopt hexkey:{Convert.ToHexString(key)} | sed 's/.*= //'").Trim();
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData([.. new byte[32], .. Convert.FromHexString(mac)])), _tpm.Pcr(15));
    }

    [Fact]
    public void The_log_has_the_records_that_systemd_pcrextend_writes()
    {
        string theirs = _tpm.File("theirs.log");
        string[] banks = ["--bank=sha1", "--bank=sha256", "--bank=sha384", "--bank=sha512"];
        string active = _tpm.Run("tpm2_getcap", "pcrs");
        _tpm.Run(
            "env", ["SYSTEMD_FORCE_MEASURE=1", $"SYSTEMD_MEASURE_LOG_USERSPACE={theirs}", "/usr/lib/systemd/systemd-pcrextend", "--pcr=11",
            $"--tpm2-device={_tpm.Device}", .. banks.Where(b => !active.Contains($"{b[7..]}: [ ]", StringComparison.Ordinal)), "enter-initrd"]);

        string ours = Path.Combine(_tpm.File("log"), "tpm2-measure.log");
        using (Tpm connection = _tpm.Connect())
        {
            var measurement = new Measurement(connection);
            EventLogRecord record = measurement.Phase(Measurement.EnterInitrd).Log;
            Assert.True(EventLog.TryAppend(record, Guid.NewGuid(), TimeSpan.FromSeconds(1.5), ours));
            Assert.Equal("600", _tpm.Run("stat", "-c", "%a", ours).Trim());
            Assert.True(EventLog.TryAppend(record, Guid.NewGuid(), TimeSpan.FromSeconds(2), ours));
            _tpm.Run("chmod", "1600", ours);
            Assert.False(EventLog.TryAppend(record, Guid.NewGuid(), TimeSpan.FromSeconds(3), ours), "a torn log is left alone");
        }

        string[] records = File.ReadAllText(ours).Split('\x1e');
        Assert.Equal(3, records.Length);
        Assert.Equal("", records[0]);
        Assert.Equal(Anonymous(File.ReadAllText(theirs)[1..]), Anonymous(records[1]));
        Assert.Contains("\"timestamp\":1500000,", records[1], StringComparison.Ordinal);
    }

    /// <summary>The record without its moment, and with its banks in order: each TPM lists them in its own.</summary>
    private static string Anonymous(string record)
    {
        string text = Regex.Replace(record, "(\"bootId\":\"[0-9a-f]{32}\"|\"timestamp\":[0-9]+)", "moment");
        using var document = JsonDocument.Parse(record);
        IEnumerable<string> digests = document.RootElement.GetProperty("digests").EnumerateArray().Select(d => d.GetRawText()).Order();
        return Regex.Replace(text, "\"digests\":\\[.*?\\]", string.Join(',', digests));
    }
}
