using InitRuntime.Formats.BootEntries;
using InitRuntime.Formats.BootGuard;
using Xunit;

namespace InitRuntime.Unit.Formats.BootEntries;

public sealed class BootEntryNameTests
{
    [Theory]
    [InlineData("initruntime-1-root-a.efi", 1, "root-a", null, 0)]
    [InlineData("initruntime-12-root-b+1.efi", 12, "root-b", 1u, 0)]
    [InlineData("initruntime-12-root-b+0-1.efi", 12, "root-b", 0u, 1)]
    [InlineData("initruntime-2147483647-root-a+3-2.efi", 2147483647, "root-a", 3u, 2)]
    public void Names_are_read_and_written(string name, uint revision, string root, uint? left, uint done)
    {
        Assert.True(BootEntryName.TryParse(name, out BootEntryName? entry));
        Assert.Equal(new BootEntryName(revision, BootSlots.OfRoot(root)!, left, done), entry);
        Assert.Equal(name, entry.ToString());
        Assert.True(BootEntryName.TryParse(name.ToUpperInvariant(), out BootEntryName? upper));
        Assert.Equal(entry, upper);
    }

    [Theory]
    [InlineData("")]
    [InlineData("initruntime-.efi")]
    [InlineData("initruntime.new")]
    [InlineData("initruntime-1-root-c.efi")]
    [InlineData("initruntime--root-a.efi")]
    [InlineData("initruntime-1-root-a+.efi")]
    [InlineData("initruntime-1-root-a+1-.efi")]
    [InlineData("initruntime-1-root-a+-1.efi")]
    [InlineData("initruntime-1-root-a+1-1-1.efi")]
    [InlineData("initruntime-4294967295-root-a.efi")]
    [InlineData("initruntime-+1-root-a.efi")]
    [InlineData("debian-1-root-a.efi")]
    [InlineData("initruntime-1-root-a")]
    public void Other_names_are_not(string name) => Assert.False(BootEntryName.TryParse(name, out _));

    [Theory]
    [InlineData("initruntime-3-root-b.efi", false, UpdateState.Ok, 3)]
    [InlineData("initruntime-3-root-b+1.efi", false, UpdateState.Installed, 3)]
    [InlineData("initruntime-3-root-b+0-1.efi", true, UpdateState.Testing, 3)]
    [InlineData("initruntime-3-root-b+0-1.efi", false, UpdateState.Failed, 0)]
    public void They_say_what_an_environment_would(string name, bool isBooted, UpdateState state, uint revision)
    {
        Assert.True(BootEntryName.TryParse(name, out BootEntryName? entry));
        BootGuardEnvironment told = InitRuntime.Storage.BootGuard.BootEntries.Told(entry, isBooted);
        Assert.Equal((state, revision, BootSlots.OfRoot("root-b")), (told.UpdateState, told.Revision, BootSlots.OfKernel(told)));
    }
}
