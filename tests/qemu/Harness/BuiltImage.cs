using System.IO;
using InitRuntime.Mkinitramfs.Build;

namespace InitRuntime.Qemu.Harness;

/// <summary>An image as <c>initruntime build</c> left it. Nobody writes to it: tests take copies.</summary>
internal sealed class BuiltImage
{
    internal BuiltImage(string directory, string keys)
    {
        Directory = directory;
        Keys = keys;
        Summary = ImageSummary.Read(File.ReadAllBytes(this[Artefacts.Summary]));
    }

    internal string Directory { get; }

    /// <summary>The keys it is signed with, and that the firmware trusts.</summary>
    internal string Keys { get; }

    internal ImageSummary Summary { get; }

    /// <summary>Path of one of the <see cref="Artefacts"/>.</summary>
    internal string this[string artefact] => Path.Combine(Directory, artefact);
}
