using System;
using System.IO;
using InitRuntime.Linux;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Linux;

public sealed class ExtendedAttributeTests
{
    private const string Name = "trusted.initruntime.test";

    [FactAsRoot]
    public void An_attribute_is_set_replaced_read_and_removed()
    {
        using var directory = new TemporaryDirectory();
        Assert.Null(ExtendedAttribute.TryGet(directory.Path, Name, 100));
        ExtendedAttribute.Set(directory.Path, Name, "first"u8);
        Assert.Equal("first"u8, ExtendedAttribute.TryGet(directory.Path, Name, 5)!);
        ExtendedAttribute.Set(directory.Path, Name, [0, 0xff]);
        Assert.Equal([0, 0xff], ExtendedAttribute.TryGet(directory.Path, Name, 100)!);
        ExtendedAttribute.Remove(directory.Path, Name);
        ExtendedAttribute.Remove(directory.Path, Name);
        Assert.Null(ExtendedAttribute.TryGet(directory.Path, Name, 100));
    }

    [FactAsRoot]
    public void An_empty_attribute_is_there_and_a_long_one_is_refused()
    {
        using var directory = new TemporaryDirectory();
        ExtendedAttribute.Set(directory.Path, Name, []);
        Assert.Equal([], ExtendedAttribute.TryGet(directory.Path, Name, 0)!);
        ExtendedAttribute.Set(directory.Path, Name, new byte[10]);
        foreach (int limit in (int[])[0, 1, 8, 9])
        {
            Assert.Equal(Errno.ERANGE, Error(() => ExtendedAttribute.TryGet(directory.Path, Name, limit)));
        }

        Assert.Equal(10, ExtendedAttribute.TryGet(directory.Path, Name, 10)!.Length);
    }

    [FactAsRoot]
    public void A_link_has_attributes_of_its_own()
    {
        using var directory = new TemporaryDirectory();
        File.CreateSymbolicLink(directory["link"], "file");
        File.WriteAllText(directory["file"], "");
        ExtendedAttribute.Set(directory["link"], Name, "of the link"u8);
        Assert.Null(ExtendedAttribute.TryGet(directory["file"], Name, 100));
        Assert.Equal("of the link"u8, ExtendedAttribute.TryGet(directory["link"], Name, 100)!);
        ExtendedAttribute.Set(directory["file"], Name, "of the file"u8);
        ExtendedAttribute.Remove(directory["link"], Name);
        Assert.Equal("of the file"u8, ExtendedAttribute.TryGet(directory["file"], Name, 100)!);
    }

    [Fact]
    public void A_file_system_without_attributes_has_none()
    {
        Assert.Null(ExtendedAttribute.TryGet("/proc/self/status", Name, 100));
        Assert.Equal(Errno.ENOENT, Error(() => ExtendedAttribute.TryGet("/proc/none", Name, 100)));
        Assert.Equal(Errno.ENOENT, Error(() => ExtendedAttribute.Set("/proc/none", Name, [])));
        Assert.Equal(Errno.ENOENT, Error(() => ExtendedAttribute.Remove("/proc/none", Name)));
    }

    private static Errno Error(Action action) => Assert.Throws<SyscallException>(action).Errno;
}
