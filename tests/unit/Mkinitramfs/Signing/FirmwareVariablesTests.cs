using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Signing;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Signing;

public sealed class FirmwareVariablesTests(TestKeys keys) : IClassFixture<TestKeys>, IDisposable
{
    private readonly TemporaryDirectory _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void The_store_trusts_our_keys_alone_and_has_secure_boot_on()
    {
        FirmwareVariables.Make(Tools.Tree, keys.Directory, _work["vars.fd"]);
        Tools.Run("virt-fw-vars", "--input", _work["vars.fd"], "--output-json", _work["vars.json"]);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(_work["vars.json"]));
        Dictionary<string, string> variables = json.RootElement.GetProperty("variables").EnumerateArray()
            .ToDictionary(v => v.GetProperty("name").GetString()!, v => v.GetProperty("data").GetString()!);
        Assert.Equal("01", variables["SecureBootEnable"]);
        foreach (string name in (string[])["PK", "KEK", "db"])
        {
            // EFI_SIGNATURE_LIST (28 bytes) and the owner's GUID (16 bytes), then the one certificate.
            using X509Certificate2 certificate = X509Certificate2.CreateFromPem(File.ReadAllText(keys[name + ".crt"]));
            Assert.Equal(Convert.ToHexStringLower(certificate.RawData), variables[name][((28 + 16) * 2)..]);
        }

        Assert.Equal(new FileInfo(Tools.Tree.HostPath(FirmwareVariables.EmptyStore)).Length, new FileInfo(_work["vars.fd"]).Length);
    }

    [Fact]
    public void The_same_keys_give_the_same_bytes()
    {
        FirmwareVariables.Make(Tools.Tree, keys.Directory, _work["a.fd"]);
        FirmwareVariables.Make(Tools.Tree, keys.Directory, _work["b.fd"]);
        Assert.Equal(File.ReadAllBytes(_work["a.fd"]), File.ReadAllBytes(_work["b.fd"]));
    }

    [Fact]
    public void A_directory_without_keys_is_named()
    {
        var error = Assert.Throws<BuildException>(() => FirmwareVariables.Make(Tools.Tree, _work.Path, _work["vars.fd"]));
        Assert.Contains("PK.crt", error.Message);
        Assert.False(File.Exists(_work["vars.fd"]));
    }
}
