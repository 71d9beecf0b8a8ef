using System;
using System.Collections.Generic;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.Luks2;
using InitRuntime.Formats.Tpm;
using InitRuntime.Linux;
using InitRuntime.Storage.Devices;
using InitRuntime.TpmUnlock;
using InitRuntime.Volumes;

namespace InitRuntime.Stages;

/// <summary>
/// The TPM during this boot: what is measured, and what gives and takes the keys of volumes. Disposing it closes PCR 11 for this
/// boot, whatever happened before.
/// </summary>
internal sealed class BootTpm : IDisposable
{
    /// <summary>Where systemd-stub leaves the image's PCR signatures and the key they are made with. Source: systemd-stub(7).</summary>
    private const string StubSignatures = "/.extra/tpm2-pcr-signature.json";
    private const string StubPublicKey = "/.extra/tpm2-pcr-public-key.pem";
    private const int LongestStubFile = 1 << 20;

    private readonly TpmSettings _settings;
    private readonly TpmPin _pin;
    private readonly Kmsg _log;
    private readonly byte[] _publicKey;
    private readonly PolicyEvidence _evidence;
    private readonly List<MeasurementReport> _measured = [];
    private Tpm? _tpm;
    private TpmException? _problem;
    private Measurement? _measurement;
    private bool _unsealed;

    private BootTpm(TpmSettings settings, ConsolePrompt prompt, Kmsg log)
    {
        _settings = settings;
        _pin = new TpmPin(settings.Pin, prompt);
        _log = log;
        _publicKey = HandOn(StubPublicKey) ?? [];
        _evidence = new PolicyEvidence { PcrSignatures = HandOn(StubSignatures), Pcrlock = PcrlockCredential.Find(log) };
    }

    /// <summary>What was measured, in order.</summary>
    internal IReadOnlyList<MeasurementReport> Measured => _measured;

    /// <summary>Why this boot is not measured; null when it is.</summary>
    internal string? NotMeasured { get; private set; }

    /// <summary>
    /// Opens the TPM if this image needs one or can measure itself, and measures that /init has begun. A TPM that the firmware
    /// knows of is waited for; without such evidence nobody waits.
    /// </summary>
    /// <exception cref="BootException">The boot is not measured, and the manifest says that it must be.</exception>
    internal static BootTpm Open(
        BootConfiguration settings, FirmwareState firmware, DeviceMonitor devices, BootWatchdog watchdog, Deadline deadline, Kmsg log)
    {
        var tpm = new BootTpm(settings.Tpm, new ConsolePrompt(watchdog), log);
        try
        {
            tpm.Begin(NeedsTpm(settings), firmware.IsImageMeasured, devices, deadline);
            return tpm;
        }
        catch
        {
            tpm.Dispose();
            throw;
        }
    }

    /// <summary>Extends PCR 11 so that this boot's signed policies hold no longer: before a shell is given to a person.</summary>
    internal static void Cap(Kmsg log)
    {
        try
        {
            using var tpm = new Tpm(TpmDevice.Open());
            new Measurement(tpm).Phase(Measurement.LeaveInitrd);
        }
        catch (Exception e) when (e is TpmException or SyscallException)
        {
            log.Write(Priority.Choice, $"PCR 11 is not closed: {e.Message}");
        }
    }

    /// <summary>Makes a passphrase that only this TPM gives back, under the manifest's policy, and proves that it does.</summary>
    /// <param name="passphrase">Locked memory of <see cref="SystemdUnseal.MaximumPassphraseLength"/>.</param>
    /// <param name="length">The passphrase's length in bytes.</param>
    /// <returns>The token of the keyslot.</returns>
    /// <exception cref="BootException">There is no TPM, or the policy binds nothing or does not hold in this boot.</exception>
    internal SystemdTpm2Token Seal(Span<byte> passphrase, out int length)
    {
        try
        {
            Tpm tpm = _tpm ?? throw NoTpm();
            var binding = new SealBinding
            {
                Pcrs = Mask(_settings.Pcrs),
                SignedPcrs = Mask(_settings.SignedPcrs),
                PublicKeyPem = _settings.SignedPcrs.Count > 0 && _publicKey.Length == 0
                    ? throw new TpmException(
                        TpmFailure.NoSignature, "the volume's key is to be bound to signed PCRs, and this boot has no signing key",
                        "build the image with signing.pcr-key; it must be started by systemd-stub")
                    : _publicKey,
            };
            ReadOnlySpan<byte> pin = _settings.Pin ? _pin.Choose() : default;
            SystemdTpm2Token token = SystemdSealer.Seal(tpm, binding, pin, passphrase, out length);
            using var again = new SecretBuffer(SystemdUnseal.MaximumPassphraseLength);
            int got = SystemdUnseal.Unseal(tpm, token, _evidence, pin, again.Span);
            return again.Span[..got].SequenceEqual(passphrase[..length])
                ? token
                : throw new TpmException(TpmFailure.BadAnswer, "the TPM does not give back what it has just sealed");
        }
        catch (TpmException e)
        {
            throw new BootException($"a key cannot be sealed: {e.Message}", hint: e.Hint, inner: e);
        }
    }

    /// <summary>The passphrase that a token of the volume stands for.</summary>
    /// <param name="token">From the volume's header.</param>
    /// <param name="passphrase">Locked memory of <see cref="SystemdUnseal.MaximumPassphraseLength"/>.</param>
    /// <returns>The passphrase's length in bytes; -1 when the token is not one for a TPM.</returns>
    /// <exception cref="TpmException">Why not.</exception>
    internal int Unseal(Luks2Token token, Span<byte> passphrase)
    {
        int length;
        switch (token.Kind)
        {
            case SystemdTpm2Token.Kind:
                SystemdTpm2Token systemd = SystemdTpm2Token.TryParse(token, out SystemdTpm2Token parsed, out Formats.ParseError error)
                    ? parsed
                    : throw new TpmException(TpmFailure.BadToken, $"token {token.Number}: {error}");
                length = SystemdUnseal.Unseal(_tpm ?? throw NoTpm(), systemd, _evidence, systemd.NeedsPin ? _pin.Ask() : default, passphrase);
                break;
            case ClevisToken.Kind:
                ClevisToken clevis = ClevisToken.TryParse(token, out ClevisToken made, out error)
                    ? made
                    : throw new TpmException(TpmFailure.BadToken, $"token {token.Number}: {error}");
                length = ClevisUnseal.Unseal(_tpm ?? throw NoTpm(), clevis, _evidence, passphrase);
                break;
            default:
                return -1;
        }

        _unsealed = true;
        return length;
    }

    /// <summary>Forgets a PIN that was wrong, so that the next use asks again.</summary>
    internal void ForgetPin() => _pin.Forget();

    /// <summary>Extends PCR 15 with the identity of a volume.</summary>
    /// <param name="key">The volume key.</param>
    /// <param name="name">The name under /dev/mapper.</param>
    /// <param name="uuid">The LUKS header's.</param>
    /// <exception cref="BootException">That fails, and the manifest says that it must not.</exception>
    internal void MeasureVolume(ReadOnlySpan<byte> key, string name, Guid uuid)
    {
        if (_measurement is null)
        {
            return;
        }

        MeasurementResult? result = null;
        try
        {
            result = _measurement.VolumeKey(key, name, uuid.ToString("D"));
        }
        catch (TpmException e)
        {
            GoOnUnlessRequired($"volume {name}: {e.Message}", e);
        }

        Keep(result);
    }

    /// <summary>
    /// Measures that /init ends: from here on no signed policy of this boot holds. The last command to the TPM.
    /// </summary>
    /// <exception cref="BootException">It fails after a key was unsealed, or the manifest says that it must not.</exception>
    internal void Leave()
    {
        ForgetPin();
        if (_tpm is not { } tpm)
        {
            return;
        }

        _tpm = null;
        try
        {
            using (tpm)
            {
                Keep(_measurement?.Phase(Measurement.LeaveInitrd));
                if (tpm.NeedsShutdown)
                {
                    tpm.Shutdown();
                }
            }
        }
        catch (TpmException e) when (_unsealed)
        {
            throw new BootException($"PCR 11 is not closed, and what runs next could unseal the volumes' keys: {e.Message}", inner: e);
        }
        catch (TpmException e)
        {
            GoOnUnlessRequired(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Leave();
        }
        catch (BootException e)
        {
            // The boot ends already, for a reason of its own.
            _log.Write(Priority.Failure, e.Message);
        }
    }

    private static bool NeedsTpm(BootConfiguration settings)
    {
        bool needed = settings.Tpm.Measure == MeasurePolicy.Required;
        foreach (VolumeSettings volume in settings.Volumes)
        {
            needed |= volume.Encryption != VolumeEncryption.None;
        }

        return needed;
    }

    private static PcrMask Mask(IReadOnlyList<int> pcrs)
    {
        uint bits = 0;
        foreach (int pcr in pcrs)
        {
            bits |= 1u << pcr;
        }

        return new(bits);
    }

    /// <summary>Gives the running system a file of the stub, as systemd's own initrd does (tmpfiles.d/20-systemd-stub.conf).</summary>
    private static byte[]? HandOn(string path)
    {
        if (KernelFile.TryReadAll(path, LongestStubFile) is not { } content)
        {
            return null;
        }

        KernelFile.MakeDirectory("/run/systemd", 0x1ed /* 0755 */);
        KernelFile.Create("/run/systemd" + path[path.LastIndexOf('/')..], content, 0x124 /* 0444 */);
        return content;
    }

    private void Begin(bool needed, bool isImageMeasured, DeviceMonitor devices, Deadline deadline)
    {
        if (!needed && !isImageMeasured)
        {
            NotMeasured = "this image needs no TPM, and systemd-stub has not measured it";
            return;
        }

        try
        {
            WaitForDevice(isImageMeasured, devices, deadline);
            _tpm = new Tpm(TpmDevice.Open());
            _tpm.Startup();
            if (isImageMeasured)
            {
                _measurement = new Measurement(_tpm);
                Keep(_measurement.Phase(Measurement.EnterInitrd));
            }
            else
            {
                NotMeasured = "systemd-stub has not measured this image";
            }
        }
        catch (TpmException e)
        {
            _problem = e;
            _tpm?.Dispose();
            _tpm = null;
            _measurement = null;
            NotMeasured = e.Message;
        }

        if (NotMeasured is { } reason)
        {
            GoOnUnlessRequired(reason, _problem);
        }
    }

    /// <summary>Waits only where the firmware says that there is one: its ACPI table, or what systemd-stub measured.</summary>
    private static void WaitForDevice(bool isImageMeasured, DeviceMonitor devices, Deadline deadline)
    {
        bool expected = isImageMeasured || KernelFile.Exists("/sys/firmware/acpi/tables/TPM2");
        if (expected && !KernelFile.Exists(TpmDevice.DefaultPath))
        {
            try
            {
                devices.WaitFor(
                    () => KernelFile.Exists(TpmDevice.DefaultPath) ? TpmDevice.DefaultPath : null, deadline,
                    () => new BootException("the TPM that the firmware knows of did not come in time"));
            }
            catch (BootException e)
            {
                throw new TpmException(TpmFailure.NoDevice, e.Message, "is its driver in the kernel, or among kernel.modules of the manifest?");
            }
        }
    }

    private TpmException NoTpm() => _problem ?? new TpmException(
        TpmFailure.NoDevice, "no TPM 2.0", "switch it on in the firmware's settings, or choose another way to unlock in the manifest");

    private void GoOnUnlessRequired(string reason, Exception? inner)
    {
        NotMeasured ??= reason;
        if (_settings.Measure == MeasurePolicy.Required)
        {
            throw new BootException($"this boot is not measured, and tpm.measure is \"required\": {reason}", hint: (inner as TpmException)?.Hint, inner: inner);
        }

        _log.Write(Priority.Choice, $"tpm: not measured: {reason}; going on, as tpm.measure says");
    }

    private void Keep(MeasurementResult? result)
    {
        if (result is null)
        {
            return;
        }

        _measured.Add(new(result.Log.Pcr, result.Log.Text));
        if (result.BanksLeftOut.Count > 0)
        {
            _log.Write(Priority.Choice, $"tpm: PCR {result.Log.Pcr}: {result.BanksLeftOut.Count} active banks have a digest that is not known here");
        }

        Guid bootId = Guid.TryParse(KernelFile.TryReadText("/proc/sys/kernel/random/boot_id"), out Guid id) ? id : Guid.Empty;
        if (!EventLog.TryAppend(result.Log, bootId, BootTime.Now))
        {
            _log.Write(Priority.Choice, $"tpm: {EventLog.DefaultPath} is torn; not written to");
        }
    }
}
