namespace InitRuntime.Formats.Pe;

/// <summary>Offsets, sizes and values of the PE format, revision 11 ("PE Format", Microsoft). Offsets in bytes.</summary>
internal static class PeFields
{
    /// <summary>In the DOS header: where the PE signature is.</summary>
    internal const int Lfanew = 0x3c;

    internal const int DosHeaderSize = 64;

    internal const int SignatureSize = 4;

    internal const int FileHeaderSize = 20;

    internal const int SectionHeaderSize = 40;

    internal const int SectionNameSize = 8;

    internal const int DirectorySize = 8;

    /// <summary>The optional header of PE32+ up to its data directories.</summary>
    internal const int OptionalHeaderFixedSize = 112;

    internal const ushort MagicPe32Plus = 0x20b;

    /// <summary>IMAGE_DIRECTORY_ENTRY_SECURITY, the only directory that holds a file offset, not a virtual address.</summary>
    internal const int SecurityDirectory = 4;

    internal const int MaximumDirectories = 16;

    /// <summary>What the Windows loader takes; UEFI has no limit of its own.</summary>
    internal const int MaximumSections = 96;

    // In the file header.
    internal const int NumberOfSections = 2;

    // In the optional header.
    internal const int SizeOfInitializedData = 8;
    internal const int SizeOfImage = 56;
    internal const int CheckSum = 64;
    internal const int DllCharacteristics = 70;

    internal const int CheckSumSize = 4;

    internal const uint ScnCntInitializedData = 0x0000_0040;
    internal const uint ScnMemRead = 0x4000_0000;
}
