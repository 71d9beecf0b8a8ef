using System;
using System.Collections.Generic;

namespace InitRuntime.Formats.Pe;

/// <summary>A unified kernel image (UAPI.5): an EFI application with a kernel in it, and its payload sections.</summary>
public sealed class UkiImage
{
    private UkiImage(PeImage image) => Image = image;

    /// <summary>Its headers.</summary>
    public PeImage Image { get; }

    /// <summary>Every section, the stub's own ones included, in the order of the table.</summary>
    public IReadOnlyList<PeSection> Sections => Image.Sections;

    /// <summary>Reads the headers of a whole file.</summary>
    public static bool TryParse(ReadOnlySpan<byte> file, out UkiImage? value, out ParseError error) =>
        TryParse(file, file.Length, out value, out error);

    /// <summary>Reads the headers from the first bytes of a file; <see cref="PeImage.LongestHeaders"/> of them are enough.</summary>
    public static bool TryParse(ReadOnlySpan<byte> start, long fileLength, out UkiImage? value, out ParseError error)
    {
        value = null;
        if (!PeImage.TryParse(start, fileLength, out PeImage? image, out error))
        {
            return false;
        }

        if (image!.Subsystem != PeImage.EfiApplication)
        {
            error = new($"subsystem {image.Subsystem}, wanted {PeImage.EfiApplication} (EFI application)");
            return false;
        }

        error = CheckSections(image.Sections);
        if (error.IsError)
        {
            return false;
        }

        value = new UkiImage(image);
        return true;
    }

    /// <summary>Where the content of a section of the base profile is in the file; false if it has none.</summary>
    public bool TryFind(string name, out FileRange content)
    {
        content = default;
        foreach (PeSection section in Sections)
        {
            if (section.Name == name)
            {
                content = new FileRange(section.PointerToRawData, Math.Min(section.VirtualSize, section.SizeOfRawData));
                return true;
            }

            if (section.Name == UkiSection.Profile)
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>The content of a section of the base profile, from the same file's bytes; empty if it has none.</summary>
    public ReadOnlySpan<byte> Content(ReadOnlySpan<byte> file, string name) =>
        TryFind(name, out FileRange range) && range.End <= file.Length ? file.Slice((int)range.Offset, (int)range.Length) : default;

    /// <summary>One kernel, no name twice within a profile, and each section's content wholly in the file.</summary>
    private static ParseError CheckSections(IReadOnlyList<PeSection> sections)
    {
        bool kernel = false;
        var names = new HashSet<string>();
        foreach (PeSection section in sections)
        {
            if (section.Name == UkiSection.Profile)
            {
                names.Clear();
            }

            if (section.Name != UkiSection.DeviceTreeAuto && !names.Add(section.Name))
            {
                return new($"section {section.Name} is there twice");
            }

            if (UkiSection.IsPayload(section.Name) && section.VirtualSize > section.SizeOfRawData)
            {
                return new($"section {section.Name} says {section.VirtualSize} bytes, the file has {section.SizeOfRawData}");
            }

            kernel |= section.Name == UkiSection.Linux;
        }

        return kernel ? default : new("no kernel: section .linux is missing");
    }
}
