using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.Pe;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Signing;

namespace InitRuntime.Mkinitramfs.Uki;

/// <summary>Makes unified kernel images (UAPI.5) from systemd-stub. Same inputs and keys, same bytes.</summary>
internal static class UkiBuilder
{
    /// <summary>systemd-stub for x86-64, in the tools tree.</summary>
    internal const string StubInTree = "usr/lib/systemd/boot/efi/linuxx64.efi.stub";

    /// <summary>
    /// Banks for which policies are signed. Every TPM 2.0 has SHA-256, some firmware switches on SHA-384 alone; SHA-1 would let
    /// a collision stand for a signed image.
    /// </summary>
    private static readonly PcrBank[] _signedBanks = [PcrBank.Sha256, PcrBank.Sha384];

    /// <summary>Writes the UKI, complete or not at all.</summary>
    /// <param name="inputs">Its parts.</param>
    /// <param name="signer">Signs it for Secure Boot; null leaves it unsigned.</param>
    /// <param name="output">Its file.</param>
    /// <returns>What PCR 11 will be in each phase of its boot, in the SHA-256 and SHA-384 banks.</returns>
    /// <exception cref="BuildException">A part cannot be used, or a key does not sign.</exception>
    internal static IReadOnlyList<PcrValue> Build(UkiInputs inputs, AuthenticodeSigner? signer, string output)
    {
        byte[] stub = ReadFile(inputs.StubFile);
        PeImage stubImage = Parse(stub, inputs.StubFile);
        PeImage kernel = CheckKernel(inputs.Kernel, stubImage);
        string sbat = SbatText.Join(
            SectionText(stub, stubImage, UkiSection.Sbat),
            SectionText(inputs.Kernel, kernel, UkiSection.Sbat),
            inputs.Sbat.Length > 0 ? inputs.Sbat : SbatText.UkiLine);

        var sections = new List<UkiPayload>
        {
            Text(UkiSection.OsRelease, inputs.OsRelease, oneLine: false),
            Text(UkiSection.CommandLine, inputs.CommandLine, oneLine: true),
            Text(UkiSection.Uname, inputs.Uname, oneLine: true),
            UkiPayload.FromText(UkiSection.Sbat, sbat),
            UkiPayload.FromBytes(UkiSection.Linux, inputs.Kernel),
            FromFile(UkiSection.Initrd, inputs.InitrdFile),
        };
        if (inputs.PcrKey is not null)
        {
            sections.Add(UkiPayload.FromText(UkiSection.PcrPublicKey, inputs.PcrKey.PublicKeyPem));
        }

        IReadOnlyList<PcrValue> values = PcrPrediction.Calculate(sections, _signedBanks, PcrPrediction.DefaultPhasePaths);
        if (inputs.PcrKey is not null)
        {
            sections.Add(UkiPayload.FromText(UkiSection.PcrSignature, PcrSignature.Write(
                [.. values.Where(value => inputs.SignedPhasePaths.Contains(value.PhasePath))], inputs.PcrKey)));
        }

        bool nxCompatible = (kernel.DllCharacteristics & PeImage.NxCompatible) != 0;
        Write(stub, sections, nxCompatible, signer, output);
        return values;
    }

    private static void Write(byte[] stub, List<UkiPayload> sections, bool nxCompatible, AuthenticodeSigner? signer, string output)
    {
        string temporary = output + ".unsigned";
        try
        {
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.ReadWrite))
            {
                if (!UkiWriter.TryWrite(stub, sections, nxCompatible, file, out ParseError error))
                {
                    throw new BuildException($"{output}: {error}");
                }
            }

            if (signer is null)
            {
                File.Move(temporary, output, overwrite: true);
            }
            else
            {
                signer.SignFile(temporary, output);
            }
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static PeImage CheckKernel(byte[] kernel, PeImage stub)
    {
        if (!PeImage.TryParse(kernel, out PeImage? image, out ParseError error))
        {
            throw new BuildException(
                $"the kernel is no EFI program: {error}", "it must be built with CONFIG_EFI_STUB, and not be compressed as a whole");
        }

        return image!.Machine == stub.Machine
            ? image
            : throw new BuildException($"the kernel is for machine 0x{image.Machine:x4}, systemd-stub for 0x{stub.Machine:x4}");
    }

    private static PeImage Parse(byte[] file, string name) =>
        PeImage.TryParse(file, out PeImage? image, out ParseError error)
            ? image!
            : throw new BuildException($"{name}: no EFI program: {error}");

    private static string SectionText(byte[] file, PeImage image, string name)
    {
        PeSection section = image.Sections.FirstOrDefault(s => s.Name == name);
        return Encoding.UTF8.GetString(file, (int)section.PointerToRawData, (int)Math.Min(section.VirtualSize, section.SizeOfRawData));
    }

    private static UkiPayload Text(string name, string text, bool oneLine)
    {
        if (text.Length == 0 || text.Contains('\0') || (oneLine && text.Any(char.IsControl)))
        {
            throw new BuildException($"the text for {name} is empty, or has characters that it must not have: \"{text}\"");
        }

        return UkiPayload.FromText(name, text);
    }

    private static UkiPayload FromFile(string name, string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? new UkiPayload(name, file.Length, file.OpenRead) : throw new BuildException($"{path}: no such file");
    }

    private static byte[] ReadFile(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (IOException e)
        {
            throw new BuildException($"{path}: {e.Message}", inner: e);
        }
    }
}
