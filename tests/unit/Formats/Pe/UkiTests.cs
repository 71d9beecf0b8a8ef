using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.Pe;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.Mkinitramfs.Uki;
using Xunit;

namespace InitRuntime.Unit.Formats.Pe;

public sealed class UkiTests : IDisposable
{
    private readonly UkiParts _parts = new();

    public void Dispose() => _parts.Dispose();

    [Fact]
    public void An_image_made_by_ukify_is_read_back()
    {
        Tools.Run(
            "ukify", "build", $"--stub={EfiFiles.Stub}", $"--linux={EfiFiles.SystemdBoot}", $"--initrd={_parts.Work["initrd"]}",
            $"--cmdline=@{_parts.Work["cmdline"]}", $"--os-release=@{_parts.Work["osrel"]}", $"--uname={UkiParts.Uname}",
            $"--output={_parts.Work["theirs.efi"]}");
        byte[] file = File.ReadAllBytes(_parts.Work["theirs.efi"]);
        Assert.True(UkiImage.TryParse(file, out UkiImage? image, out ParseError error), error.ToString());
        Assert.Equal(UkiParts.CommandLine, Encoding.UTF8.GetString(image!.Content(file, UkiSection.CommandLine)));
        Assert.Equal(UkiParts.Uname, Encoding.UTF8.GetString(image.Content(file, UkiSection.Uname)));
        Assert.Equal(UkiParts.OsRelease, Encoding.UTF8.GetString(image.Content(file, UkiSection.OsRelease)));
        Assert.True(image.Content(file, UkiSection.Initrd).SequenceEqual(File.ReadAllBytes(_parts.Work["initrd"])));
        Assert.True(image.Content(file, UkiSection.Linux).SequenceEqual(File.ReadAllBytes(EfiFiles.SystemdBoot)));
        Assert.Contains("systemd-stub,1,", Encoding.UTF8.GetString(image.Content(file, UkiSection.Sbat)));
    }

    [Fact]
    public void Given_the_same_sections_ukify_lays_them_out_at_the_same_addresses()
    {
        Tools.Run(
            "ukify", "build", $"--stub={EfiFiles.Stub}", $"--linux={EfiFiles.SystemdBoot}", $"--initrd={_parts.Work["initrd"]}",
            $"--cmdline=@{_parts.Work["cmdline"]}", $"--os-release=@{_parts.Work["osrel"]}", $"--uname={UkiParts.Uname}",
            $"--output={_parts.Work["theirs.efi"]}");
        byte[] theirs = File.ReadAllBytes(_parts.Work["theirs.efi"]);
        PeImage expected = EfiFiles.Parse(theirs);
        Assert.True(UkiImage.TryParse(theirs, out UkiImage? image, out _));
        UkiPayload[] payloads = [.. expected.Sections
            .Where(s => UkiSection.IsPayload(s.Name))
            .Select(s => UkiPayload.FromBytes(s.Name, image!.Content(theirs, s.Name).ToArray()))];

        PeImage made = EfiFiles.Parse(Write(EfiFiles.StubBytes, payloads));
        Assert.Equal(
            expected.Sections.Select(s => s with { Characteristics = 0 }),
            made.Sections.Select(s => s with { Characteristics = 0 }));
        Assert.Equal(expected.SizeOfImage, made.SizeOfImage);
        Assert.Equal(expected.SizeOfHeaders, made.SizeOfHeaders);
        Assert.Equal(expected.FileLength, made.FileLength);
        // ukify writes a section's swapped text without counting it again.
        uint sbatGrowth = expected.Sections.First(s => s.Name == ".sbat").VirtualSize
            - EfiFiles.Parse(EfiFiles.StubBytes).Sections.First(s => s.Name == ".sbat").VirtualSize;
        Assert.Equal(expected.SizeOfInitializedData + sbatGrowth, made.SizeOfInitializedData);
    }

    [Fact]
    public void Objdump_lists_the_new_sections_behind_the_stubs_own()
    {
        byte[] file = Write(EfiFiles.StubBytes, Payloads());
        File.WriteAllBytes(_parts.Work["uki.efi"], file);
        string listing = EfiFiles.Objdump("-h", _parts.Work["uki.efi"]);
        foreach (PeSection section in EfiFiles.Parse(file).Sections.Where(s => s.Name is ".linux" or ".cmdline"))
        {
            Assert.Contains($"{section.Name,-13} {section.VirtualSize:x8}  {0x14df90000 + section.VirtualAddress:x16}", listing);
        }
    }

    [Fact]
    public void Its_checksum_and_sizes_are_consistent()
    {
        byte[] file = Write(EfiFiles.StubBytes, Payloads());
        PeImage image = EfiFiles.Parse(file);
        Assert.Equal(EfiFiles.Checksum(file), image.CheckSum);
        Assert.Equal(0u, image.SizeOfImage % image.SectionAlignment);
        Assert.InRange(image.SizeOfImage - image.Sections[^1].VirtualEnd, 0L, image.SectionAlignment - 1L);
        Assert.All(image.Sections, s => Assert.Equal(0u, s.VirtualAddress % image.SectionAlignment));
        Assert.All(image.Sections, s => Assert.Equal(0u, s.PointerToRawData % image.FileAlignment));
        Assert.True(Authenticode.TryLayout(image, out _, out _));
        Assert.Equal(file, Write(EfiFiles.StubBytes, Payloads()));
    }

    [Fact]
    public void Payloads_that_cannot_be_written_are_named()
    {
        byte[] stub = EfiFiles.StubBytes;
        UkiPayload one = UkiPayload.FromText(".linux", "kernel");
        Refused("given twice", stub, one, one);
        Refused("cannot be a section's name", stub, UkiPayload.FromText(".toolong1", "x"));
        Refused("cannot be a section's name", stub, UkiPayload.FromText(".a b", "x"));
        Refused("has 0 bytes", stub, UkiPayload.FromText(".linux", ""));
        Refused("has not the 7 bytes it said", stub, one with { Length = 7 });
        Refused("has not the 5 bytes it said", stub, one with { Length = 5 });
        UkiPayload huge = one with { Length = int.MaxValue };
        Refused("a PE image ends at 4 GiB", stub, huge, huge with { Name = ".a" }, huge with { Name = ".b" });
        Refused("more sections, 30 are wanted", stub, [.. Enumerable.Range(0, 30).Select(i => UkiPayload.FromText($".s{i}", "x"))]);
        Refused("does not fit into the stub's own", stub, UkiPayload.FromBytes(".sbat", new byte[600]));
    }

    [Fact]
    public void Only_a_plain_stub_is_taken()
    {
        Refused("no PE image", [1, 2, 3], UkiPayload.FromText(".linux", "x"));
        Refused("data behind its last section", File.ReadAllBytes(EfiFiles.EfiBootGuard), UkiPayload.FromText(".linux", "x"));
        Refused("data behind its last section", [.. EfiFiles.StubBytes, .. new byte[512]], UkiPayload.FromText(".linux", "x"));
    }

    [Fact]
    public void Images_that_are_no_uki_are_named()
    {
        Assert.False(UkiImage.TryParse(EfiFiles.StubBytes, out _, out ParseError error));
        Assert.Contains(".linux is missing", error.Message);

        byte[] twice = Write(EfiFiles.StubBytes, Payloads());
        Rename(twice, ".cmdline", ".linux");
        Assert.False(UkiImage.TryParse(twice, out _, out error));
        Assert.Contains(".linux is there twice", error.Message);
    }

    [Fact]
    public void Sections_behind_a_profile_belong_to_that_profile()
    {
        byte[] file = Write(
            EfiFiles.StubBytes,
            [
                UkiPayload.FromText(".linux", "kernel"), UkiPayload.FromText(".cmdline", "base"), UkiPayload.FromText(".profile", "ID=x"),
                UkiPayload.FromText(".uname", "other"), UkiPayload.FromText(".initrd", "other"),
            ]);
        Rename(file, ".initrd", ".cmdline");
        Assert.True(UkiImage.TryParse(file, out UkiImage? image, out ParseError error), error.ToString());
        Assert.Equal("base", Encoding.UTF8.GetString(image!.Content(file, ".cmdline")));
        Assert.False(image.TryFind(".uname", out _));
        Assert.True(image.Content(file, ".uname").IsEmpty);
    }

    [Fact]
    public void A_damaged_uki_is_answered_not_thrown()
    {
        byte[] file = Write(EfiFiles.StubBytes, Payloads());
        int headers = (int)EfiFiles.Parse(file).SizeOfHeaders;
        Hostile.EveryPrefixAndEveryDamagedByte(
            file.AsSpan(0, headers),
            start =>
            {
                if (!UkiImage.TryParse(start, file.Length, out UkiImage? image, out ParseError error))
                {
                    Assert.True(error.IsError);
                    return false;
                }

                foreach (PeSection section in image!.Sections)
                {
                    Assert.InRange(image.Content(file, section.Name).Length, 0, file.Length);
                }

                return true;
            });
    }

    private static UkiPayload[] Payloads() =>
    [
        UkiPayload.FromText(".cmdline", "panic=30"),
        UkiPayload.FromText(".sbat", "sbat,1,x,y,1,z\n"),
        UkiPayload.FromBytes(".linux", new byte[5000]),
    ];

    private static byte[] Write(byte[] stub, IReadOnlyList<UkiPayload> payloads)
    {
        using var output = new MemoryStream();
        Assert.True(UkiWriter.TryWrite(stub, payloads, nxCompatible: true, output, out ParseError error), error.ToString());
        return output.ToArray();
    }

    private static void Refused(string expected, byte[] stub, params UkiPayload[] payloads)
    {
        using var output = new MemoryStream();
        Assert.False(UkiWriter.TryWrite(stub, payloads, nxCompatible: true, output, out ParseError error));
        Assert.Contains(expected, error.Message);
    }

    /// <summary>Gives a section another name, as long as the header has room for.</summary>
    private static void Rename(byte[] file, string from, string to)
    {
        PeImage image = EfiFiles.Parse(file);
        int index = image.Sections.Select(s => s.Name).ToList().IndexOf(from);
        Span<byte> name = file.AsSpan(image.SectionTableOffset + (index * 40), 8);
        name.Clear();
        Encoding.ASCII.GetBytes(to, name);
    }
}
