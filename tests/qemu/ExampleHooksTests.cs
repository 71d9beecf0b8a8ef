using System;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Run;
using InitRuntime.Qemu.Harness;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu;

/// <summary>The hooks of examples/hooks, in an image that a manifest of the test extends.</summary>
public sealed class ExampleHooksTests(ITestOutputHelper output) : IDisposable
{
    private static readonly IBuildLog _quiet = new PlainLog(TextWriter.Null, showCommands: false);

    private readonly string _directory = Directory.CreateTempSubdirectory("initruntime-examples-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_device_knows_who_it_is_has_its_address_and_is_provisioned_by_who_may()
    {
        using RSA key = RSA.Create(2048);
        using RSA other = RSA.Create(2048);
        using DiskImage disk = DiskImage.Of(Build(key));
        var board = new Guid("01234567-89ab-cdef-0123-456789abcdef");
        ExtraDisk[] sticks = [Stick("wrong", other), Stick("right", key)];

        await using (Machine machine = await Machine.StartAsync(disk, output, options => options with { ExtraDisks = sticks, ExtraArguments = ["-uuid", $"{board}"] }))
        {
            await machine.WaitForAsync($"hook identity: gw-{Derive("host name", board.ToByteArray())[..8]}, by the board");
            await machine.WaitForAsync($"checked: gw-{Derive("host name", board.ToByteArray())[..8]} {Derive("machine-id", board.ToByteArray())[..32]} right 192.0.2.10/32");
            Assert.Contains("hook network: lo has 192.0.2.10/32", machine.Console, StringComparison.Ordinal);
            Assert.Contains("hook provision: /dev/vdb: the signature of provision.tar is not ours", machine.Console, StringComparison.Ordinal);
            Assert.Contains("hook provision: /dev/vdc: provisioned", machine.Console, StringComparison.Ordinal);
        }

        // Another board, without a number of its own: its TPM tells.
        using DiskImage second = DiskImage.Of(disk.Image, "second");
        await using (Machine machine = await Machine.StartAsync(second, output))
        {
            await machine.WaitForAsync(", by the TPM");
            await machine.WaitForAsync("checked: gw-");
            Assert.Contains("hook provision: nothing to provision", machine.Console, StringComparison.Ordinal);
            Assert.DoesNotContain(Derive("machine-id", board.ToByteArray())[..32], machine.Console, StringComparison.Ordinal);
        }
    }

    private BuiltImage Build(RSA key)
    {
        string files = Path.Combine(_directory, "files");
        Write(Path.Combine(files, "usr/lib/gateway/provision.pub"), key.ExportSubjectPublicKeyInfoPem() + "\n");
        Write(Path.Combine(files, "usr/lib/systemd/system/check.service"), """
            [Unit]
            After=systemd-hostnamed.service

            [Service]
            Type=oneshot
            ExecStart=/bin/sh -c 'echo "checked: $(cat /proc/sys/kernel/hostname) $(cat /etc/machine-id) $(cat /var/lib/provision/name 2>/dev/null) $(ip -brief -4 address show dev lo | grep -o 192.0.2.10/32)" >/dev/ttyS0'
            """);
        string wants = Path.Combine(files, "usr/lib/systemd/system/multi-user.target.wants");
        Directory.CreateDirectory(wants);
        File.CreateSymbolicLink(Path.Combine(wants, "check.service"), "../check.service");
        string keys = Images.Demo.Keys;
        Write(Path.Combine(_directory, "image.toml"), $"""
            extends = "{Path.Combine(Places.Repository, "examples/hooks/image.toml")}"
            [rootfs]
            files = ["...", "files"]
            [signing]
            keys = "{keys}"
            """);
        ManifestReading reading = ManifestReader.Read(Path.Combine(_directory, "image.toml"));
        using var log = new StringWriter();
        try
        {
            ImageBuilder.Build(reading.Manifest ?? throw new InvalidOperationException(string.Join('\n', reading.Errors)), Path.Combine(_directory, "out"), new PlainLog(log, showCommands: false));
        }
        catch (BuildException e)
        {
            throw new InvalidOperationException($"{e.Message}\n{e.Hint}\nthe build said:\n{log}", e);
        }

        return new(Path.Combine(_directory, "out"), keys);
    }

    /// <summary>A stick with data that are signed with a key.</summary>
    private ExtraDisk Stick(string name, RSA key)
    {
        string work = Path.Combine(_directory, name);
        Write(Path.Combine(work, "data/name"), name + "\n");
        string tar = Path.Combine(work, "provision.tar"), image = Path.Combine(work, "stick.img");
        new HostCommand("tar", "--create", "--file", tar, "-C", Path.Combine(work, "data"), ".").Run(_quiet);
        File.WriteAllBytes($"{tar}.sig", key.SignData(File.ReadAllBytes(tar), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        using (FileStream stream = File.Create(image))
        {
            stream.SetLength(16 << 20);
        }

        Images.Tools.Run("mkfs.vfat", ["-n", "STICK", image]);
        Images.Tools.Run("mmd", ["-i", image, "::provision"]);
        Images.Tools.Run("mcopy", ["-i", image, tar, $"{tar}.sig", "::provision"]);
        return new(image);
    }

    private static string Derive(string use, byte[] number) => Convert.ToHexStringLower(SHA256.HashData([.. Encoding.UTF8.GetBytes($"{use}\0"), .. number]));

    private static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
