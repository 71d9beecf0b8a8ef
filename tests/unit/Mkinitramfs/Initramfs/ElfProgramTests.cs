using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Initramfs;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Initramfs;

/// <summary>What programs ask for, as objdump tells it.</summary>
public sealed partial class ElfProgramTests
{
    [Theory]
    [InlineData("usr/bin/stat")]
    [InlineData("usr/bin/swtpm")]
    [InlineData("usr/lib/x86_64-linux-gnu/libc.so.6")]
    public void It_is_what_objdump_says(string program)
    {
        string path = Tools.Tree.HostPath(program);
        string dump = new HostCommand("objdump", "--private-headers", path).RunText(new PlainLog(TextWriter.Null, showCommands: false));
        ElfProgram elf = ElfProgram.TryRead(File.ReadAllBytes(path))!;
        Assert.Equal(NeededLine().Matches(dump).Select(match => match.Groups["name"].Value), elf.Libraries);
        Assert.Equal(RunPathLine().Match(dump) is { Success: true } match ? match.Groups["path"].Value : null, elf.SearchPath);
        Assert.Equal(dump.Contains("INTERP", StringComparison.Ordinal), elf.Interpreter is not null);
        Assert.True(elf.Interpreter is null or "/lib64/ld-linux-x86-64.so.2");
    }

    [Fact]
    public void What_is_none_or_is_damaged_is_no_program_and_no_crash()
    {
        Assert.Null(ElfProgram.TryRead([]));
        Assert.Null(ElfProgram.TryRead("#!/bin/sh\n"u8.ToArray()));
        byte[] good = File.ReadAllBytes(Tools.Tree.HostPath("usr/bin/stat"));
        for (int length = 0; length < 1000; length++)
        {
            Assert.Null(ElfProgram.TryRead(good[..length]));
        }

        var random = new Random(1);
        for (int i = 0; i < 500; i++)
        {
            byte[] damaged = [.. good];
            for (int change = 0; change < 8; change++)
            {
                damaged[random.Next(1500)] = (byte)random.Next(256);
            }

            _ = ElfProgram.TryRead(damaged);
        }
    }

    [GeneratedRegex(@"^\s+NEEDED\s+(?<name>\S+)$", RegexOptions.Multiline)]
    private static partial Regex NeededLine();

    [GeneratedRegex(@"^\s+(RUNPATH|RPATH)\s+(?<path>\S+)$", RegexOptions.Multiline)]
    private static partial Regex RunPathLine();
}
