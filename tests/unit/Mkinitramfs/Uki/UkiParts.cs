using System;
using System.IO;
using InitRuntime.Mkinitramfs.Signing;
using InitRuntime.Mkinitramfs.Uki;
using InitRuntime.Unit.Formats.Pe;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.Mkinitramfs.Signing;

namespace InitRuntime.Unit.Mkinitramfs.Uki;

/// <summary>The parts of a small UKI, in memory and as the files that the real tools take.</summary>
internal sealed class UkiParts : IDisposable
{
    internal const string CommandLine = "console=ttyS0 panic=30 äöü";
    internal const string OsRelease = "ID=demo\nVERSION_ID=1\nPRETTY_NAME=\"Demo\"\n";
    internal const string Uname = "6.12.0-test";

    internal UkiParts()
    {
        byte[] initrd = new byte[300_001];
        for (int i = 0; i < initrd.Length; i++)
        {
            initrd[i] = (byte)((i * 7 / 3) & 0xff);
        }

        File.WriteAllBytes(Work["initrd"], initrd);
        File.WriteAllText(Work["cmdline"], CommandLine);
        File.WriteAllText(Work["osrel"], OsRelease);
        File.WriteAllText(Work["uname"], Uname);
    }

    internal TemporaryDirectory Work { get; } = new();

    internal UkiInputs Inputs(TestKeys? pcr = null) => new()
    {
        StubFile = EfiFiles.Stub,
        Kernel = File.ReadAllBytes(EfiFiles.SystemdBoot),
        InitrdFile = Work["initrd"],
        CommandLine = CommandLine,
        OsRelease = OsRelease,
        Uname = Uname,
        PcrKey = pcr is null ? null : PcrPolicyKey.Open(PemKeySigner.Open(pcr["pcr.key"]), pcr["pcr.pub"]),
    };

    public void Dispose() => Work.Dispose();
}
