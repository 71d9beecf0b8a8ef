using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using InitRuntime.Linux;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Linux;

public sealed class DirectoryListingTests
{
    [Fact]
    public void Entries_are_listed_with_their_kinds_in_the_order_of_their_names()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory["b"], "");
        Directory.CreateDirectory(directory["Z"]);
        File.CreateSymbolicLink(directory["a"], "nowhere");
        Host("mkfifo", directory["pipe"]);
        KernelFile.MakeLink(directory["link"], directory.Path);
        DirectoryEntry[] expected =
        [
            new("Z", FileKind.Directory), new("a", FileKind.SymbolicLink), new("b", FileKind.File),
            new("link", FileKind.SymbolicLink), new("pipe", FileKind.Pipe),
        ];
        Assert.Equal(expected, DirectoryListing.Read(directory.Path));
        Assert.Equal(expected, DirectoryListing.Read(directory["link"]));
        Assert.Empty(DirectoryListing.Read(directory["Z"]));
        Assert.Equal(Errno.ENOTDIR, Error(() => DirectoryListing.Read(directory["b"])));
        Assert.Equal(Errno.ENOENT, Error(() => DirectoryListing.Read(directory["none"])));
    }

    [Fact]
    public void Devices_are_told_apart()
    {
        Assert.Contains(new("null", FileKind.CharacterDevice), DirectoryListing.Read("/dev"));
        Assert.Contains(new("self", FileKind.SymbolicLink), DirectoryListing.Read("/proc"));
    }

    [Fact]
    public void A_directory_of_many_entries_is_listed_whole()
    {
        using var directory = new TemporaryDirectory();
        var expected = new List<DirectoryEntry>();
        for (int i = 0; i < 3000; i++)
        {
            string name = $"{i:d4}-{new string('n', i % 200)}";
            File.WriteAllText(directory[name], "");
            expected.Add(new(name, FileKind.File));
        }

        Assert.Equal(expected, DirectoryListing.Read(directory.Path));
    }

    [Fact]
    public void A_name_that_is_no_text_names_the_same_file_when_it_is_used()
    {
        using var directory = new TemporaryDirectory();
        Host("bash", "-euc", "cd \"$0\"; for name in $'caf\\xe9' $'\\xff\\xc3' $'\\xed\\xb2\\x80' $'\\xf0\\x9f\\x98' grün; do echo \"$name\" >\"$name\"; done", directory.Path);
        IReadOnlyList<DirectoryEntry> entries = DirectoryListing.Read(directory.Path);
        Assert.Equal(["caf\udce9", "grün", "\udced\udcb2\udc80", "\udcf0\udc9f\udc98", "\udcff\udcc3"], Names(entries));
        foreach (DirectoryEntry entry in entries)
        {
            byte[] content = KernelFile.ReadAll($"{directory.Path}/{entry.Name}", 100);
            Assert.Equal(entry.Name, NativeText.Decode(content.AsSpan(..^1)));
            KernelFile.Remove($"{directory.Path}/{entry.Name}");
        }

        Assert.Empty(DirectoryListing.Read(directory.Path));
    }

    [Fact]
    public void Bytes_of_any_kind_come_back_from_their_text()
    {
        byte[] bytes = new byte[4];
        foreach (byte a in (ReadOnlySpan<byte>)[0x01, 0x7f, 0x80, 0xbf, 0xc2, 0xe0, 0xed, 0xef, 0xf4, 0xff])
        {
            foreach (byte b in (ReadOnlySpan<byte>)[0x41, 0x80, 0x9f, 0xa0, 0xbf, 0xed, 0xf0])
            {
                for (int c = 1; c < 256; c++)
                {
                    bytes = [a, b, (byte)c, 0x8f];
                    Assert.Equal([.. bytes, 0], NativeText.Terminated(NativeText.Decode(bytes)));
                }
            }
        }

        string text = "/größe/日本/\U0001f600";
        Assert.Equal(Encoding.UTF8.GetBytes(text + "\0"), NativeText.Terminated(text));
        Assert.Equal(text, NativeText.Decode(Encoding.UTF8.GetBytes(text)));
        Assert.Equal([0], NativeText.Terminated(""));
    }

    [Fact]
    public void Text_that_is_no_name_is_refused()
    {
        foreach (string text in (string[])["a\0b", "half \ud83d", "half \ude00", "ascii \udc41"])
        {
            Assert.Throws<ArgumentException>(() => NativeText.Terminated(text));
        }
    }

    private static string[] Names(IReadOnlyList<DirectoryEntry> entries)
    {
        string[] names = new string[entries.Count];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = entries[i].Name;
        }

        return names;
    }

    private static Errno Error(Action action) => Assert.Throws<SyscallException>(action).Errno;

    private static void Host(string program, params string[] arguments) =>
        new HostCommand(program, arguments).Run(new PlainLog(TextWriter.Null, showCommands: false));
}
