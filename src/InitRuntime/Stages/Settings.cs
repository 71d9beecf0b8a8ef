using InitRuntime.Formats;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Linux;

namespace InitRuntime.Stages;

/// <summary>What was sealed into the initramfs.</summary>
internal static class Settings
{
    /// <exception cref="BootException">It is missing or broken.</exception>
    internal static BootConfiguration Read()
    {
        byte[] json = KernelFile.TryReadAll(BootConfigJson.Path, BootConfigJson.MaximumLength)
            ?? throw new BootException($"{BootConfigJson.Path} is missing", hint: "the initramfs was not made by initruntime build");
        return BootConfigJson.TryParse(json, out BootConfiguration settings, out ParseError error)
            ? settings
            : throw new BootException($"{BootConfigJson.Path}: {error}", hint: "make the image again");
    }
}
