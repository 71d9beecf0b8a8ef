using System.Linq;
using System.Runtime.InteropServices;
using InitRuntime.Formats.Kmod;
using Xunit;

namespace InitRuntime.Unit.Formats.Kmod;

public sealed partial class ModuleAliasTests
{
    [Theory]
    [InlineData("virtio:d00000002v*", "virtio:d00000002v00001AF4", true)]
    [InlineData("virtio:d00000002v*", "virtio:d00000003v00001AF4", false)]
    [InlineData("pci:v*d*sv*sd*bc01sc06i01*", "pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01", true)]
    [InlineData("scsi:t-0x00*", "scsi:t-0x00", true)]
    [InlineData("", "", true)]
    [InlineData("*", "", true)]
    [InlineData("", "x", false)]
    [InlineData("of:N*T*Cfsl,imx6q-usb", "of:NusbT(null)Cfsl,imx6q_usb", true)]
    [InlineData("a_b", "a-b", true)]
    [InlineData("a[-]b", "a-b", false)]
    [InlineData("a\\*b", "a*b", true)]
    [InlineData("a\\*b", "axb", false)]
    [InlineData("a\\", "a", false)]
    [InlineData("[0-9A-F][!0-9]", "Ax", true)]
    [InlineData("[z-a]", "b", false)]
    [InlineData("[]a]", "]", true)]
    [InlineData("[a-]", "b", false)]
    public void It_tells_which_devices_a_driver_is_for(string pattern, string modalias, bool fits) =>
        Assert.Equal(fits, ModuleAlias.Matches(pattern, modalias));

    [Fact]
    public void It_agrees_with_libc_on_every_short_pattern()
    {
        string[] parts = ["a", "b", "*", "?", "[ab]", "[!a]", "[a-c]", "[", "]", "-", "[!]", "[^b]", "\\", "\\*", "[\\]]"];
        string[] texts = ["", "a", "b", "ab", "ba", "abc", "a-b", "[", "[a", "]", "aab", "*", "a*", "\\"];
        foreach (string first in parts)
        {
            foreach (string second in parts)
            {
                foreach (string third in parts)
                {
                    string pattern = first + second + third;
                    foreach (string text in texts)
                    {
                        Assert.True(
                            (fnmatch(pattern, text, 0) == 0) == ModuleAlias.Matches(pattern, text), $"pattern {pattern}, text {text}");
                    }
                }
            }
        }
    }

    [Fact]
    public void Many_stars_do_not_take_exponential_time() =>
        Assert.False(ModuleAlias.Matches(string.Concat(Enumerable.Repeat("*a", 200)) + "b", new string('a', 2000)));

    [Fact]
    public void It_allocates_nothing()
    {
        ModuleAlias.Matches("pci:v*d[0-9]*", "pci:v1d2");
        long before = System.GC.GetAllocatedBytesForCurrentThread();
        Assert.True(ModuleAlias.Matches("pci:v*d[0-9]*", "pci:v1d2"));
        Assert.Equal(before, System.GC.GetAllocatedBytesForCurrentThread());
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int fnmatch(string pattern, string text, int flags);
}
