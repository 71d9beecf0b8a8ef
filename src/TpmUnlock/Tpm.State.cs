using System;
using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.Tpm;

namespace InitRuntime.TpmUnlock;

/// <summary>The dictionary attack lockout's state (TPM 2.0 Library part 1, 19.8).</summary>
/// <param name="IsLocked">Whether authorizations are refused now.</param>
/// <param name="Failures">Failures counted so far.</param>
/// <param name="MaximumFailures">Failures at which it locks.</param>
/// <param name="Interval">Time after which one failure is forgotten; zero: never.</param>
public readonly record struct LockoutState(bool IsLocked, uint Failures, uint MaximumFailures, TimeSpan Interval)
{
    /// <summary>For example <c>32 of 32 failures; one is forgotten every 2 h</c>.</summary>
    public override string ToString() =>
        $"{Failures} of {MaximumFailures} failures; " +
        (Interval == TimeSpan.Zero ? "none is ever forgotten" : $"one is forgotten every {Words(Interval)}");

    private static string Words(TimeSpan time) => time switch
    {
        { TotalHours: >= 2 } => $"{time.TotalHours:0.#} h",
        { TotalMinutes: >= 2 } => $"{time.TotalMinutes:0.#} min",
        _ => $"{time.TotalSeconds:0} s",
    };
}

public sealed partial class Tpm
{
    private const ushort StartupClear = 0x0000;
    private const uint CapabilityPcrs = 5;
    private const uint CapabilityProperties = 6;
    private const uint PropertyPermanent = 0x200;
    private const uint PropertyLockoutCounter = 0x20e;
    private const uint PropertyMaximumFailures = 0x20f;
    private const uint PropertyLockoutInterval = 0x210;
    private const uint PermanentInLockout = 1u << 9;
    private const int MaximumProperties = 64;
    private const int MaximumRandomLength = 32;

    /// <summary>TPM2_Startup(CLEAR). Firmware did it already on a PC: that is not an error.</summary>
    public void Startup()
    {
        WireWriter parameters = Parameters();
        parameters.U16(StartupClear);
        Response response = TryExecute(CommandCode.Startup, [], Authorization.None, parameters);
        if (!response.Code.IsSuccess && response.Code.Number != ResponseCode.Initialize)
        {
            throw Refused(CommandCode.Startup, response.Code, null);
        }
    }

    /// <summary>
    /// TPM2_Shutdown(CLEAR): the TPM writes its lockout counter back. Without it, each power cut after the use of an object under
    /// dictionary attack protection counts as a wrong PIN. The last command of the boot that uses such an object.
    /// </summary>
    public void Shutdown()
    {
        WireWriter parameters = Parameters();
        parameters.U16(StartupClear);
        Execute(CommandCode.Shutdown, [], Authorization.None, parameters);
        NeedsShutdown = false;
    }

    /// <summary>Fills <paramref name="buffer"/> with the TPM's random bytes, at most 32: to stir into ours, not to replace them.</summary>
    public void GetRandom(Span<byte> buffer)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(buffer.Length, MaximumRandomLength);
        WireWriter parameters = Parameters();
        parameters.U16((ushort)buffer.Length);
        Response response = Execute(CommandCode.GetRandom, [], Authorization.None, parameters);
        var reader = new SpanReader(response.Parameters);
        ReadOnlySpan<byte> random = reader.Sized(MaximumRandomLength);
        if (reader.Overrun || random.Length != buffer.Length)
        {
            throw Malformed(CommandCode.GetRandom);
        }

        random.CopyTo(buffer);
        WipeBuffers();
    }

    /// <summary>All PCR banks the TPM lists, those that are off with an empty mask.</summary>
    public IReadOnlyList<PcrBank> ReadPcrBanks()
    {
        SpanReader reader = Capability(CapabilityPcrs, 0, 1);
        return PcrBanks.TryRead(ref reader, out IReadOnlyList<PcrBank> banks, out ParseError error)
            ? banks
            : throw Malformed(CommandCode.GetCapability, error);
    }

    /// <summary>The lockout's state.</summary>
    public LockoutState ReadLockout()
    {
        uint permanent = Property(PropertyPermanent);
        uint failures = Property(PropertyLockoutCounter);
        uint maximum = Property(PropertyMaximumFailures);
        uint interval = Property(PropertyLockoutInterval);
        return new((permanent & PermanentInLockout) != 0, failures, maximum, TimeSpan.FromSeconds(interval));
    }

    private uint Property(uint property)
    {
        SpanReader reader = Capability(CapabilityProperties, property, 1);
        uint count = reader.U32BigEndian();
        uint number = reader.U32BigEndian();
        uint value = reader.U32BigEndian();
        if (reader.Overrun || count is 0 or > MaximumProperties || number != property)
        {
            throw Malformed(CommandCode.GetCapability, new($"property 0x{property:x} is missing"));
        }

        return value;
    }

    private SpanReader Capability(uint capability, uint property, uint count)
    {
        WireWriter parameters = Parameters();
        parameters.U32(capability);
        parameters.U32(property);
        parameters.U32(count);
        Response response = Execute(CommandCode.GetCapability, [], Authorization.None, parameters);
        var reader = new SpanReader(response.Parameters);
        reader.U8();
        return reader.U32BigEndian() == capability
            ? reader
            : throw Malformed(CommandCode.GetCapability, new("another capability than asked for"));
    }

    private TpmException LockedOut(CommandCode command, ResponseCode code, string? what)
    {
        string state;
        try
        {
            state = ReadLockout().ToString();
        }
        catch (TpmException)
        {
            state = "its counters cannot be read";
        }

        return new(
            TpmFailure.Lockout, command, code, what,
            $"the TPM is locked against guessing: {state}; leave it powered that long, " +
            "or reset it with tpm2_dictionarylockout --clear-lockout");
    }
}
