using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using InitRuntime.Qemu.Harness;
using Xunit;

namespace InitRuntime.Qemu;

public class SameBytesTests
{
    [Fact]
    public void The_same_inputs_make_the_same_bytes_in_another_directory()
    {
        string directory = Places.OfTest(nameof(The_same_inputs_make_the_same_bytes_in_another_directory));
        Remove(directory);
        try
        {
            Assert.Equal(Describe(Images.Demo), Describe(Images.BuildDemo(directory)));
        }
        finally
        {
            Remove(directory);
        }
    }

    /// <summary>Every file with its digest.</summary>
    private static string[] Describe(BuiltImage image)
    {
        string[] files = [.. Directory.GetFiles(image.Directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        Assert.NotEmpty(files);
        return [.. files.Select(file => $"{Path.GetRelativePath(image.Directory, file)} {Digest(file)}")];
    }

    private static string Digest(string file)
    {
        using FileStream stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static void Remove(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
