using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using InitRuntime.Formats.Pe;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Signing;
using InitRuntime.Mkinitramfs.Uki;
using InitRuntime.Unit.Formats.Pe;
using InitRuntime.Unit.Harness;
using InitRuntime.Unit.Mkinitramfs.Build;
using InitRuntime.Unit.Mkinitramfs.Signing;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Uki;

public sealed class UkiBuilderTests(TestKeys keys) : IClassFixture<TestKeys>, IDisposable
{
    private const string Measure = "/usr/lib/systemd/systemd-measure";

    private static readonly string[] _allSections =
        [".linux", ".osrel", ".cmdline", ".initrd", ".uname", ".sbat", ".pcrpkey", ".pcrsig"];

    private readonly UkiParts _parts = new();

    public void Dispose() => _parts.Dispose();

    [Fact]
    public void Ukify_sees_every_section_with_its_content()
    {
        string uki = Build("uki.efi", keys);
        byte[] file = File.ReadAllBytes(uki);
        using JsonDocument json = JsonDocument.Parse(Tools.Run("ukify", "inspect", uki, "--json=short"));
        Assert.True(UkiImage.TryParse(file, out UkiImage? image, out _));
        foreach (string name in _allSections)
        {
            ReadOnlySpan<byte> content = image!.Content(file, name);
            JsonElement seen = json.RootElement.GetProperty(name);
            Assert.Equal(content.Length, seen.GetProperty("size").GetInt32());
            Assert.Equal(EfiFiles.Sha256(content), seen.GetProperty("sha256").GetString());
        }

        Assert.Equal(UkiParts.CommandLine, json.RootElement.GetProperty(".cmdline").GetProperty("text").GetString());
        Assert.True(image!.Content(file, ".linux").SequenceEqual(_parts.Inputs().Kernel));
        Assert.True(image.Content(file, ".initrd").SequenceEqual(File.ReadAllBytes(_parts.Work["initrd"])));
    }

    [Fact]
    public void Sbverify_accepts_it_until_one_byte_is_changed()
    {
        byte[] file = File.ReadAllBytes(Build("uki.efi", keys));
        Assert.True(keys.Sbverify(_parts.Work["uki.efi"]));
        Assert.True(UkiImage.TryParse(file, out UkiImage? image, out _));
        foreach (string name in _allSections)
        {
            Assert.True(image!.TryFind(name, out FileRange range));
            byte[] changed = [.. file];
            changed[range.End - 1] ^= 0x20;
            File.WriteAllBytes(_parts.Work["changed.efi"], changed);
            Assert.False(keys.Sbverify(_parts.Work["changed.efi"]), $"{name} is not protected");
        }
    }

    [Fact]
    public void The_same_parts_give_the_same_bytes() =>
        Assert.Equal(File.ReadAllBytes(Build("a.efi", keys)), File.ReadAllBytes(Build("b.efi", keys)));

    [Fact]
    public void Its_signed_policies_are_those_of_systemd_measure()
    {
        string uki = Build("uki.efi", keys);
        List<string> arguments =
        [
            "sign", "--bank=sha256", "--bank=sha384", "--phase=enter-initrd", $"--private-key={keys["pcr.key"]}", $"--public-key={keys["pcr.pub"]}",
            .. SectionFiles(uki),
        ];
        JsonNode theirs = JsonNode.Parse(Tools.Run(Measure, [.. arguments]))!;
        byte[] file = File.ReadAllBytes(uki);
        Assert.True(UkiImage.TryParse(file, out UkiImage? image, out _));
        JsonNode ours = JsonNode.Parse(image!.Content(file, UkiSection.PcrSignature))!;
        Assert.Single(ours["sha256"]!.AsArray());
        Assert.True(JsonNode.DeepEquals(theirs["sha256"], ours["sha256"]), $"theirs: {theirs}\nours: {ours}");

        // systemd-measure 257 signs this bank's policies with SHA-384, which no TPM is asked to verify (systemd#40245).
        using var key = RSA.Create();
        key.ImportFromPem(File.ReadAllText(keys["pcr.pub"]));
        Assert.Single(ours["sha384"]!.AsArray());
        foreach ((JsonNode? their, JsonNode? our) in theirs["sha384"]!.AsArray().Zip(ours["sha384"]!.AsArray()))
        {
            byte[] policy = Convert.FromHexString(our!["pol"]!.GetValue<string>());
            byte[] signature = Convert.FromBase64String(our["sig"]!.GetValue<string>());
            Assert.True(key.VerifyData(policy, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
            their!["sig"] = our["sig"]!.DeepClone();
            Assert.True(JsonNode.DeepEquals(their, our));
        }
    }

    [Fact]
    public void Ukify_signs_the_same_for_the_initramfs_phase_alone()
    {
        Tools.Run(
            "ukify", "build", $"--linux={EfiFiles.SystemdBoot}", $"--initrd={_parts.Work["initrd"]}", $"--cmdline=@{_parts.Work["cmdline"]}",
            $"--os-release=@{_parts.Work["osrel"]}", $"--uname={UkiParts.Uname}", $"--stub={EfiFiles.Stub}",
            $"--pcr-private-key={keys["pcr.key"]}", $"--pcr-public-key={keys["pcr.pub"]}", $"--pcrpkey={keys["pcr.pub"]}",
            "--phases=enter-initrd", "--pcr-banks=sha256", $"--output={_parts.Work["ukify.efi"]}");
        byte[] file = File.ReadAllBytes(_parts.Work["ukify.efi"]);
        Assert.True(UkiImage.TryParse(file, out UkiImage? image, out _));
        UkiPayload[] sections = [.. _allSections.Select(name => UkiPayload.FromBytes(name, image!.Content(file, name).ToArray()))];
        string ours = PcrSignature.Write(
            PcrPrediction.Calculate(sections, [PcrBank.Sha256], _parts.Inputs().SignedPhasePaths), _parts.Inputs(keys).PcrKey!);
        JsonNode theirs = PcrSignatureOf(_parts.Work["ukify.efi"]);
        Assert.True(JsonNode.DeepEquals(theirs, JsonNode.Parse(ours)), $"theirs: {theirs}\nours: {ours}");
    }

    [Fact]
    public void All_phases_are_predicted_but_only_those_asked_for_are_signed()
    {
        UkiInputs inputs = _parts.Inputs(keys);
        IReadOnlyList<PcrValue> values = UkiBuilder.Build(inputs, null, _parts.Work["one.efi"]);
        Assert.Equal(PcrPrediction.DefaultPhasePaths, values.Where(value => value.Bank == PcrBank.Sha256).Select(value => value.PhasePath));
        PcrValue first = values.First(value => value.Bank == PcrBank.Sha256);
        JsonNode only = Assert.Single(PcrSignatureOf(_parts.Work["one.efi"])["sha256"]!.AsArray())!;
        Assert.Equal(Convert.ToHexStringLower(PcrSignature.PolicyDigest(first)), only["pol"]!.GetValue<string>());

        UkiBuilder.Build(inputs with { SignedPhasePaths = PcrPrediction.DefaultPhasePaths }, null, _parts.Work["all.efi"]);
        Assert.Equal(4, PcrSignatureOf(_parts.Work["all.efi"])["sha256"]!.AsArray().Count);
    }

    [Fact]
    public void The_PCR_key_of_a_manifest_is_a_file_or_a_command_or_none()
    {
        SigningSection none = Manifests.Small().Signing with { PcrPublicKey = null, PcrKey = null };
        var log = new PlainLog(TextWriter.Null, showCommands: false);
        Assert.Null(PcrPolicyKey.Open(none, log));
        byte[] digest = new byte[32];
        byte[] byFile = PcrPolicyKey.Open(none with { PcrPublicKey = keys["pcr.pub"], PcrKey = keys["pcr.key"] }, log)!.SignPolicy(digest);
        File.WriteAllBytes(_parts.Work["signature"], byFile);
        string hex = Convert.ToHexStringLower(SHA256.HashData(digest));
        string[] command = ["sh", "-c", $"test \"$1\" = {hex} && cat '{_parts.Work["signature"]}'", "sign"];
        byte[] byCommand = PcrPolicyKey.Open(none with { PcrPublicKey = keys["pcr.pub"], PcrCommand = command }, log)!.SignPolicy(digest);
        Assert.Equal(byFile, byCommand);
    }

    [Fact]
    public void Predicted_registers_are_those_of_systemd_measure_in_every_bank()
    {
        string uki = Build("uki.efi", keys);
        byte[] file = File.ReadAllBytes(uki);
        Assert.True(UkiImage.TryParse(file, out UkiImage? image, out _));
        UkiPayload[] sections = [.. _allSections.Select(name => UkiPayload.FromBytes(name, image!.Content(file, name).ToArray()))];
        Array.Reverse(sections);
        using JsonDocument theirs = JsonDocument.Parse(Tools.Run(Measure, ["calculate", "--json=short", .. SectionFiles(uki)]));
        IReadOnlyList<PcrValue> ours = PcrPrediction.Calculate(sections, PcrBank.All, PcrPrediction.DefaultPhasePaths);
        Assert.Equal(16, ours.Count);
        Assert.Equal(
            theirs.RootElement.EnumerateObject().SelectMany(bank => bank.Value.EnumerateArray().Select(value =>
                $"{bank.Name} {value.GetProperty("phase").GetString()} {value.GetProperty("hash").GetString()}")),
            ours.Select(value => $"{value.Bank.Name} {value.PhasePath} {Convert.ToHexStringLower(value.Value)}"));
    }

    [Fact]
    public void What_build_returns_is_the_prediction_for_the_finished_file()
    {
        IReadOnlyList<PcrValue> values = UkiBuilder.Build(_parts.Inputs(), null, _parts.Work["uki.efi"]);
        List<string> arguments = ["calculate", "--bank=sha256", "--json=short", .. SectionFiles(_parts.Work["uki.efi"])];
        using JsonDocument theirs = JsonDocument.Parse(Tools.Run(Measure, [.. arguments]));
        Assert.Equal(
            theirs.RootElement.GetProperty("sha256")[0].GetProperty("hash").GetString(),
            Convert.ToHexStringLower(values.First(v => v.Bank == PcrBank.Sha256 && v.PhasePath == "enter-initrd").Value));
    }

    [Fact]
    public void A_measured_section_of_unknown_order_is_not_guessed() =>
        Assert.Throws<ArgumentException>(
            () => PcrPrediction.Calculate([UkiPayload.FromText(".hwids", "x")], PcrBank.All, ["enter-initrd"]));

    [Fact]
    public void Without_a_pcr_key_it_has_no_policies()
    {
        UkiBuilder.Build(_parts.Inputs(), null, _parts.Work["plain.efi"]);
        byte[] file = File.ReadAllBytes(_parts.Work["plain.efi"]);
        Assert.True(UkiImage.TryParse(file, out UkiImage? image, out _));
        Assert.False(image!.TryFind(UkiSection.PcrPublicKey, out _));
        Assert.False(image.TryFind(UkiSection.PcrSignature, out _));
        Assert.Equal(0, image.Image.CertificateTable.Length);
    }

    [Fact]
    public void Revocation_entries_of_stub_and_image_are_joined_under_one_header()
    {
        const string Own = "sbat,1,x,sbat,1,y\ndemo,3,Demo,demo,1,https://example.org/\n";
        UkiBuilder.Build(_parts.Inputs() with { Sbat = Own }, null, _parts.Work["uki.efi"]);
        byte[] file = File.ReadAllBytes(_parts.Work["uki.efi"]);
        Assert.True(UkiImage.TryParse(file, out UkiImage? image, out _));
        string text = Encoding.UTF8.GetString(image!.Content(file, UkiSection.Sbat));
        Assert.StartsWith("sbat,1,SBAT Version,sbat,1,", text);
        Assert.Single(text.Split('\n'), line => line.StartsWith("sbat,", StringComparison.Ordinal));
        Assert.Contains("\nsystemd-stub,1,The systemd Developers,", text);
        Assert.Contains("\nsystemd-boot,1,", text);
        Assert.EndsWith("\ndemo,3,Demo,demo,1,https://example.org/\n", text);
    }

    [Fact]
    public void A_kernel_without_nx_takes_the_flag_from_the_stub()
    {
        // EFI Boot Guard is linked without the flag, as older kernels are.
        UkiBuilder.Build(_parts.Inputs() with { Kernel = File.ReadAllBytes(EfiFiles.EfiBootGuard) }, null, _parts.Work["old.efi"]);
        UkiBuilder.Build(_parts.Inputs(), null, _parts.Work["new.efi"]);
        Assert.Equal(0, NxFlag("old.efi"));
        Assert.Equal(PeImage.NxCompatible, NxFlag("new.efi"));
    }

    [Fact]
    public void Parts_that_cannot_be_used_are_named_and_leave_no_file()
    {
        byte[] foreign = _parts.Inputs().Kernel;
        int machine = EfiFiles.Parse(foreign).FileHeaderOffset;
        (foreign[machine], foreign[machine + 1]) = (0x64, 0xaa);
        Refused("kernel is no EFI program: no DOS header", _parts.Inputs() with { Kernel = new byte[1000] });
        Refused("for machine 0xaa64, systemd-stub for 0x8664", _parts.Inputs() with { Kernel = foreign });
        Refused(".cmdline is empty, or has", _parts.Inputs() with { CommandLine = "quiet\npanic=1" });
        Refused(".cmdline is empty, or has", _parts.Inputs() with { CommandLine = "" });
        Refused(".uname is empty, or has", _parts.Inputs() with { Uname = "6.1\n" });
        Refused("missing: no such file", _parts.Inputs() with { InitrdFile = _parts.Work["missing"] });
        Refused("has not 6 fields", _parts.Inputs() with { Sbat = "demo,1\n" });
        Refused("does not fit into the stub's own", _parts.Inputs() with { Sbat = $"demo,1,{new string('x', 600)},d,1,u\n" });
    }

    [Fact]
    public void A_pcr_key_pair_that_does_not_belong_together_is_refused()
    {
        using var other = new TestKeys();
        var pair = PcrPolicyKey.Open(PemKeySigner.Open(other["pcr.key"]), keys["pcr.pub"]);
        Refused("PCR policy signature is not by the key of", _parts.Inputs() with { PcrKey = pair });
        Assert.Contains(
            "holds a private key",
            Assert.Throws<BuildException>(() => PcrPolicyKey.Open(PemKeySigner.Open(keys["pcr.key"]), keys["pcr.key"])).Message);
    }

    private void Refused(string expected, UkiInputs inputs)
    {
        var error = Assert.Throws<BuildException>(() => UkiBuilder.Build(inputs, null, _parts.Work["refused.efi"]));
        Assert.Contains(expected, error.Message);
        Assert.Empty(Directory.EnumerateFiles(_parts.Work.Path, "refused*"));
    }

    private int NxFlag(string name) =>
        EfiFiles.Parse(File.ReadAllBytes(_parts.Work[name])).DllCharacteristics & PeImage.NxCompatible;

    private string Build(string name, TestKeys pcr)
    {
        using AuthenticodeSigner signer = keys.Signer();
        UkiBuilder.Build(_parts.Inputs(pcr), signer, _parts.Work[name]);
        return _parts.Work[name];
    }

    private static JsonNode PcrSignatureOf(string uki)
    {
        byte[] file = File.ReadAllBytes(uki);
        Assert.True(UkiImage.TryParse(file, out UkiImage? image, out _));
        return JsonNode.Parse(image!.Content(file, UkiSection.PcrSignature))!;
    }

    /// <summary>Each measured section of a UKI as the option of systemd-measure that names its file.</summary>
    private List<string> SectionFiles(string uki)
    {
        byte[] file = File.ReadAllBytes(uki);
        Assert.True(UkiImage.TryParse(file, out UkiImage? image, out _));
        var options = new List<string>();
        foreach (string name in _allSections.Where(name => name != UkiSection.PcrSignature && image!.TryFind(name, out _)))
        {
            string path = _parts.Work["section" + name];
            File.WriteAllBytes(path, image!.Content(file, name));
            options.Add($"--{name[1..]}={path}");
        }

        return options;
    }
}
