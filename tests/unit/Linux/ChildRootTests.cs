using System;
using System.IO;
using InitRuntime.Linux;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Linux;

/// <summary>These move the root of the whole test process for a moment, so nothing else may run then.</summary>
[CollectionDefinition("the root of the process", DisableParallelization = true)]
public sealed class ProcessRoot;

[Collection("the root of the process")]
public sealed class ChildRootTests
{
    private const string Program = """
        #include <stdio.h>
        #include <unistd.h>
        int main(void) {
            char text[100], place[100];
            FILE *file = fopen("/inside", "r");
            if (!file || !fgets(text, sizeof text, file)) return 1;
            printf("%s\n%s\n", text, getcwd(place, sizeof place));
            return access("/proc", F_OK) == 0;
        }
        """;

    [FactAsRoot]
    public void A_child_with_another_root_sees_only_that_and_we_keep_ours()
    {
        using var root = new TemporaryDirectory();
        using var source = new TemporaryDirectory();
        Directory.CreateDirectory(root["bin"]);
        File.WriteAllText(root["inside"], "inside the root");
        File.WriteAllText(source["show.c"], Program);
        new HostCommand("clang", "-static", "-o", root["bin/show"], source["show.c"])
            .Run(new PlainLog(TextWriter.Null, showCommands: false));
        string before = Directory.GetCurrentDirectory();

        ChildResult result = ChildProcess.Run(new ChildCommand("/bin/show", []) { RootDirectory = root.Path }, [], Soon());
        Assert.Equal(["inside the root", "/"], result.LastLines);
        Assert.True(result.Succeeded);
        AssertOurRoot(before);

        SyscallException missing = Assert.Throws<SyscallException>(
            () => ChildProcess.Run(new ChildCommand("/bin/sh", []) { RootDirectory = root.Path }, [], Soon()));
        Assert.Equal(("posix_spawn", Errno.ENOENT), (missing.Call, missing.Errno));
        AssertOurRoot(before);

        SyscallException nowhere = Assert.Throws<SyscallException>(
            () => ChildProcess.Run(new ChildCommand("/bin/show", []) { RootDirectory = root["none"] }, [], Soon()));
        Assert.Equal(("chroot", Errno.ENOENT), (nowhere.Call, nowhere.Errno));
        AssertOurRoot(before);
    }

    private static Deadline Soon() => Deadline.After(TimeSpan.FromSeconds(30));

    private static void AssertOurRoot(string directory)
    {
        Assert.Equal(directory, Directory.GetCurrentDirectory());
        Assert.True(Directory.Exists("/proc/self"));
        Assert.False(File.Exists("/inside"));
    }
}
