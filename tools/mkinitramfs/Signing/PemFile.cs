using System;
using System.IO;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Signing;

/// <summary>Reads key and certificate files.</summary>
internal static class PemFile
{
    private const long LargestFile = 1024 * 1024;

    /// <summary>The text of a PEM file.</summary>
    /// <exception cref="BuildException">It cannot be read, or is too large to be one.</exception>
    internal static string Read(string path)
    {
        try
        {
            return new FileInfo(path).Length <= LargestFile
                ? File.ReadAllText(path)
                : throw new BuildException($"{path}: too large for a PEM file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BuildException($"{path}: {e.Message}", "`initruntime keys DIR` makes development keys", e);
        }
    }
}
