namespace InitRuntime.Formats.Pe;

/// <summary>One row of a PE section table (PE format, "Section Table"). All sizes and offsets in bytes.</summary>
/// <param name="Name">At most 8 printable ASCII characters, as they stand in the table.</param>
/// <param name="VirtualSize">What is used of the section once loaded; of a UKI's payload, its exact length.</param>
/// <param name="VirtualAddress">Where it is loaded, counted from the start of the image.</param>
/// <param name="SizeOfRawData">What it takes in the file, padding included.</param>
/// <param name="PointerToRawData">Where it starts in the file.</param>
/// <param name="Characteristics">The IMAGE_SCN_ flags.</param>
public readonly record struct PeSection(
    string Name,
    uint VirtualSize,
    uint VirtualAddress,
    uint SizeOfRawData,
    uint PointerToRawData,
    uint Characteristics)
{
    /// <summary>One past its last byte in the file.</summary>
    public long RawEnd => (long)PointerToRawData + SizeOfRawData;

    /// <summary>One past its last byte once loaded.</summary>
    public long VirtualEnd => (long)VirtualAddress + VirtualSize;
}
