using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using InitRuntime.Formats.Luks2;
using InitRuntime.TpmUnlock;
using Xunit;

namespace InitRuntime.Unit.TpmUnlock;

/// <summary>A TPM, or somebody on its bus, that lies, is slow, or asks for patience.</summary>
public sealed class FaultTests : IDisposable
{
    private const uint Unseal = 0x15e;
    private const uint Load = 0x157;
    private const uint StartAuthSession = 0x176;
    private const uint Retry = 0x922;
    private const int ShortestAnswer = 10;
    private const uint FlushContext = 0x165;
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(10);

    // TPM2_PCR_Extend of PCR 9, SHA-256 bank, with the empty password.
    private static readonly byte[] _extendPcr9 = Convert.FromHexString(
        "80020000004100000182" + "00000009" + "00000009" + "40000009" + "0000" + "00" + "0000" + "00000001" + "000b" + new string('5', 64));

    private readonly SoftwareTpm _tpm = new();
    private readonly SystemdTpm2Token _token;
    private readonly byte[] _passphrase;

    public FaultTests()
    {
        try
        {
            _tpm.Extend(7, "secure boot");
            _token = new EncryptedVolume(_tpm).Enroll("--tpm2-pcrs=7");
            _passphrase = EncryptedVolume.Unseal(_tpm, _token);
        }
        catch
        {
            // Nobody disposes what was not constructed.
            _tpm.Dispose();
            throw;
        }
    }

    public void Dispose() => _tpm.Dispose();

    [Fact]
    public void Every_damaged_byte_and_every_cut_of_every_answer_is_a_named_failure_or_changes_nothing()
    {
        var lengths = new List<(uint Command, int Length)>();
        Run((number, command, answer, inner) =>
        {
            int length = inner.Exchange(command, answer, _limit);
            lengths.Add((FaultyTransport.Code(command), length));
            return length;
        });

        Assert.Contains(lengths, l => l.Command == Unseal);
        int refused = 0;
        for (int n = 0; n < lengths.Count; n++)
        {
            (uint damagedCommand, int length) = lengths[n];
            if (damagedCommand == FlushContext)
            {
                continue;
            }

            for (int at = 0; at < length; at++)
            {
                refused += Damaged(n + 1, (answer, got) =>
                {
                    answer[at] ^= 0x01;
                    return got;
                }) ? 1 : damagedCommand == Unseal
                    ? throw new InvalidOperationException($"a changed byte {at} of TPM2_Unseal's answer was accepted") : 0;
            }

            for (int cut = 0; cut < length; cut += 7)
            {
                Assert.True(Damaged(n + 1, (_, got) => Math.Min(cut, got)), $"answer {n + 1} cut at {cut} was accepted");
            }
        }

        Assert.True(refused > 400, $"only {refused} damages were refused");

        // True when it was refused by name; a false passphrase or another exception fails the test.
        bool Damaged(int number, Func<byte[], int, int> damage)
        {
            var made = new List<uint>();
            try
            {
                byte[] got = Run((n, command, answer, inner) =>
                {
                    int length = inner.Exchange(command, answer, _limit);
                    if (FaultyTransport.Code(command) is Load or StartAuthSession && length > ShortestAnswer)
                    {
                        made.Add(BinaryPrimitives.ReadUInt32BigEndian(answer[ShortestAnswer..]));
                    }

                    if (n != number)
                    {
                        return length;
                    }

                    byte[] copy = answer[..length].ToArray();
                    length = damage(copy, length);
                    copy.CopyTo(answer);
                    return length;
                });
                Assert.Equal(_passphrase, got);
                return false;
            }
            catch (TpmException e)
            {
                Assert.NotEqual("", e.Message);
                return true;
            }
            finally
            {
                // As the kernel's resource manager does when its device is closed.
                Flush(made);
            }
        }
    }

    [Fact]
    public void A_busy_TPM_is_asked_again_and_not_for_ever()
    {
        int asked = 0;
        Assert.Equal(_passphrase, Run((_, command, answer, inner) =>
            asked++ % 3 == 0 ? FaultyTransport.Answer(answer, Retry)
                : inner.Exchange(command, answer, _limit)));

        int unseals = 0;
        TpmException refusal = Assert.Throws<TpmException>(() => Run((_, command, answer, inner) =>
            FaultyTransport.Code(command) == Unseal && ++unseals > 0
                ? FaultyTransport.Answer(answer, Retry)
                : inner.Exchange(command, answer, _limit)));
        Assert.Equal("TPM_RC_RETRY", refusal.Code.Name);
        Assert.InRange(unseals, 2, 100);
    }

    [Fact]
    public void A_PCR_that_changes_meanwhile_restarts_the_policy_up_to_30_times()
    {
        int changes = 0;
        Assert.Equal(_passphrase, Run((_, command, answer, inner) =>
        {
            if (FaultyTransport.Code(command) == Unseal && changes++ < 3)
            {
                Extend(inner);
            }

            return inner.Exchange(command, answer, _limit);
        }));
        Assert.Equal(4, changes);

        int unseals = 0;
        TpmException refusal = Assert.Throws<TpmException>(() => Run((_, command, answer, inner) =>
        {
            if (FaultyTransport.Code(command) == Unseal)
            {
                unseals++;
                Extend(inner);
            }

            return inner.Exchange(command, answer, _limit);
        }));
        Assert.Equal(TpmFailure.PcrUnstable, refusal.Failure);
        Assert.Equal(30, unseals);
    }

    [Fact]
    public void A_TPM_that_does_not_answer_in_time_is_given_up()
    {
        int sent = 0;
        using var tpm = new Tpm(new FaultyTransport(_tpm.Transport(), (_, _, _, _) =>
        {
            sent++;
            return -1;
        }));
        TpmException refusal = Assert.Throws<TpmException>(() => EncryptedVolume.Unseal(tpm, _token));
        Assert.Equal(TpmFailure.TimedOut, refusal.Failure);
        Assert.Contains("TPM2_ReadPublic: no answer within 10 s", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(TpmFailure.Device, Assert.Throws<TpmException>(tpm.Startup).Failure);
        Assert.Equal(1, sent);
    }

    [Fact]
    public void A_missing_device_is_named()
    {
        TpmException refusal = Assert.Throws<TpmException>(() => TpmDevice.Open(_tpm.File("no-such-device")));
        Assert.Equal(TpmFailure.NoDevice, refusal.Failure);
    }

    [Fact]
    public void Nothing_of_the_secret_passes_the_bus_in_the_clear()
    {
        byte[] secret = Convert.FromBase64String(System.Text.Encoding.ASCII.GetString(_passphrase));
        using var seen = new MemoryStream();
        Run((_, command, answer, inner) =>
        {
            int length = inner.Exchange(command, answer, _limit);
            seen.Write(command);
            seen.Write(answer[..length]);
            return length;
        });
        Assert.Equal(-1, seen.ToArray().AsSpan().IndexOf(secret.AsSpan(0, 8)));
    }

    [Fact]
    public void Startup_is_tolerant_and_the_state_can_be_read()
    {
        using Tpm tpm = _tpm.Connect();
        tpm.Startup();
        tpm.Startup();
        LockoutState lockout = tpm.ReadLockout();
        Assert.False(lockout.IsLocked);
        Assert.True(lockout.MaximumFailures > 0);
        Assert.Contains(tpm.ReadPcrBanks(), b => b.Hash == InitRuntime.Formats.Tpm.AlgorithmId.Sha256 && b.Pcrs.Bits == InitRuntime.Formats.Tpm.PcrMask.All);
        Span<byte> random = stackalloc byte[32];
        tpm.GetRandom(random);
        Assert.False(random.TrimStart((byte)0).IsEmpty);
        tpm.Shutdown();
    }

    private void Flush(List<uint> handles)
    {
        using SocketTransport transport = _tpm.Transport();
        foreach (uint handle in handles)
        {
            byte[] command = Convert.FromHexString($"80010000000e{FlushContext:x8}{handle:x8}");
            transport.Exchange(command, new byte[4096], _limit);
        }
    }

    private static void Extend(ITpmTransport inner)
    {
        byte[] command = (byte[])_extendPcr9.Clone();
        BinaryPrimitives.WriteUInt32BigEndian(command.AsSpan(2), (uint)command.Length);
        byte[] answer = new byte[4096];
        inner.Exchange(command, answer, _limit);
        Assert.Equal(0u, BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(6)));
    }

    private byte[] Run(FaultyTransport.Fault fault)
    {
        using var tpm = new Tpm(new FaultyTransport(_tpm.Transport(), fault));
        return EncryptedVolume.Unseal(tpm, _token);
    }
}
