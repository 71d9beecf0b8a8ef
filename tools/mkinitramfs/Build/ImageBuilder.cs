using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.Gpt;
using InitRuntime.Mkinitramfs.Disk;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Initramfs;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Mkinitramfs.Rootfs;
using InitRuntime.Mkinitramfs.Signing;
using InitRuntime.Mkinitramfs.Uki;
using InitRuntime.Mkinitramfs.Update;

namespace InitRuntime.Mkinitramfs.Build;

/// <summary>Makes all artefacts of an image from its manifest. Same inputs, same bytes.</summary>
internal sealed class ImageBuilder
{
    private const string BootGuardInTree = "usr/lib/x86_64-linux-gnu/efibootguard/efibootguardx64.efi";
    private const string SystemdBootInTree = "usr/lib/systemd/boot/efi/systemd-bootx64.efi";

    private static readonly string[] _certificates = ["PK.crt", "KEK.crt", "db.crt"];

    private readonly ToolsTree _tools;
    private readonly IBuildLog _log;
    private readonly string _work;

    /// <summary>What the image is made from; from the moment that the root is known, without what the root does not have.</summary>
    private ImageManifest _manifest;

    private ImageBuilder(ImageManifest manifest, ToolsTree tools, string work, IBuildLog log)
    {
        _manifest = manifest;
        _tools = tools;
        _work = work;
        _log = log;
    }

    /// <summary>
    /// Builds into <paramref name="directory"/>, which is made if it is missing. Its files are replaced at the end, one by one;
    /// a build that fails changes none.
    /// </summary>
    /// <param name="manifest">What the image is made from.</param>
    /// <param name="directory">Where to.</param>
    /// <param name="log">Is told of each step.</param>
    /// <param name="initPath">The program for /init; if not given, <see cref="DeviceProgram.Find"/> tells.</param>
    /// <param name="controlPath">The control program, likewise.</param>
    /// <exception cref="BuildException">The image cannot be made as the manifest says.</exception>
    internal static ImageSummary Build(ImageManifest manifest, string directory, IBuildLog log, string? initPath = null, string? controlPath = null)
    {
        directory = Path.GetFullPath(directory);
        byte[] init = HookedInit.For(manifest, initPath ?? DeviceProgram.Init.Find(), CacheDirectory.Path, log);
        byte[]? control = manifest.Device.Control ? DeviceProgram.Control.Read(controlPath) : null;
        ToolsTree tools = ToolsTree.Open(CacheDirectory.Path, log);
        Directory.CreateDirectory(directory);
        // On the same file system, so that a rename is all that is left to do.
        string work = Path.Combine(directory, $".build-{Environment.ProcessId}");
        Directory.CreateDirectory(work);
        try
        {
            var builder = new ImageBuilder(manifest, tools, work, log);
            ImageSummary summary = builder.MakeAll(init, control);
            RemoveUpdates(directory);
            foreach (string name in (IEnumerable<string>)[.. builder.Made, Artefacts.Summary])
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(directory, name))!);
                File.Move(Path.Combine(work, name), Path.Combine(directory, name), overwrite: true);
            }

            CopyCertificates(manifest.Signing.EnrolDirectory, Path.Combine(directory, Artefacts.SecureBootKeys));
            return summary;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private ImageSummary MakeAll(byte[] init, byte[]? control)
    {
        string archivePath = RootSource.Archive(_manifest, _tools, CacheDirectory.Path, _work, _log);
        using TarArchive archive = TarArchive.Open(archivePath);
        KernelFiles kernel = KernelFiles.Find(archive);
        KernelRequirements.Check(_manifest, kernel);
        RootRequirements.Check(_manifest, archive);
        _manifest = _manifest with { Volumes = ImagePaths.OfRoot(_manifest.Volumes, archive) };
        IReadOnlyList<ModuleResolver.Chosen> modules = BootModules.Resolve(_manifest, kernel);
        IReadOnlyList<HookProgram> hooks = HookProgram.ReadAll(_manifest.Hooks, archive);

        RootTar tar = _log.Step("choosing what the root holds", () => RootTar.Write(
            archive,
            Path.Combine(_work, "root.tar"),
            new RootChanges(_manifest.Image.Name, _manifest.Image.Version, SourceDate.Seconds)
            {
                Added = [.. RootModules.Unpack(modules, kernel, _tools, _log), .. control is null ? [] : DeviceFiles.Make(_manifest, control, archive)],
                ImagePaths = [.. _manifest.Volumes.SelectMany(volume => volume.Settings.ImagePaths)],
                Listed = [.. _manifest.Overlays.Where(HasListing).Select(overlay => overlay.Path)],
            }));
        Guid uuid = _manifest.Image.Uuid ?? DeriveUuid(tar, kernel, modules, init, hooks);
        tar.WriteUuid(uuid);

        string root = Path.Combine(_work, Artefacts.Root);
        _log.Step($"making the {_manifest.Rootfs.FileSystem} file system", () => RootFileSystem.Write(
            _manifest.Rootfs, tar.Path, root, uuid, Math.Max(_manifest.Verity.DataBlockSize, _manifest.Verity.HashBlockSize), _tools, _log));
        VeritySettings verity = _log.Step(
            "hashing it for dm-verity", () => VerityImage.Append(_manifest.Verity, uuid, root, _tools, _log));
        string osRelease = OsReleaseOf(tar.Path);
        File.Delete(tar.Path);

        BootConfiguration configuration = Configuration(uuid, verity, modules);
        byte[]? debugShell = _manifest.Development.DebugShell ? DebugShell.Read(archive) : null;
        string initramfs = Path.Combine(_work, Artefacts.Initramfs);
        _log.Step($"making the initramfs ({modules.Count(module => !module.Settings.InRoot)} modules)", () =>
        {
            InitramfsBuilder.Write(initramfs, init, configuration, modules, Signature(verity), kernel, _tools, _log, debugShell, hooks);
            return initramfs;
        });

        using AuthenticodeSigner signer = AuthenticodeSigner.Open(_manifest.Signing, _log);
        string uki = Path.Combine(_work, Artefacts.Uki);
        IReadOnlyList<PcrValue> pcrValues = _log.Step("making and signing the UKI", () => UkiBuilder.Build(
            new UkiInputs
            {
                StubFile = _tools.HostPath(UkiBuilder.StubInTree),
                Kernel = kernel.Image,
                InitrdFile = initramfs,
                CommandLine = CommandLine,
                OsRelease = _manifest.Boot.HasEntries ? OsRelease.WithoutVersion(osRelease) : osRelease,
                Uname = kernel.Version,
                PcrKey = PcrPolicyKey.Open(_manifest.Signing, _log),
            },
            signer,
            uki));
        string bootLoader = Path.Combine(_work, "bootloader.efi");
        signer.SignFile(_tools.HostPath(_manifest.Boot.HasEntries ? SystemdBootInTree : BootGuardInTree), bootLoader);

        string disk = Path.Combine(_work, Artefacts.Disk);
        GptTable table = _log.Step("making the disk image", () => DiskImage.Write(
            disk, _manifest, new DiskContent(bootLoader, uki, root), _work, _tools, _log));

        if (_manifest.Update.Make)
        {
            string update = Path.Combine(_work, Artefacts.Update);
            _log.Step("making and signing the update file", () =>
            {
                UpdateFile.Write(update, _manifest, uuid, root, uki, _tools, _log);
                return update;
            });
        }

        if (_manifest.Update is { Make: true, DeltaUrl: { } url })
        {
            _log.Step("cutting root and kernel into chunks", () =>
            {
                DeltaUpdate.Write(_work, url, _manifest, uuid, root, uki, _tools, _log);
                return url;
            });
        }

        ImageSummary summary = Summary(uuid, kernel, modules, verity, pcrValues, table);
        File.WriteAllBytes(Path.Combine(_work, Artefacts.Summary), ImageSummary.Write(summary));
        return summary;
    }

    /// <summary>Whether a device compares a kept layer with what the image has below it. What lies in a volume is no image's.</summary>
    private bool HasListing(OverlaySettings overlay) => overlay.Upper != OverlayUpper.Memory
        && !_manifest.Volumes.Any(volume => overlay.Path == volume.Settings.MountPoint || VolumeRules.IsBelow(overlay.Path, volume.Settings.MountPoint));

    /// <summary>The files that are made, but for the summary of them.</summary>
    private IEnumerable<string> Made => new[] { Artefacts.Disk, Artefacts.Initramfs, Artefacts.Uki, Artefacts.Root, Artefacts.Update, Artefacts.DeltaUpdate }
        .Where(name => File.Exists(Path.Combine(_work, name)))
        .Concat(DeltaUpdate.Published(_work));

    /// <summary>Those of an earlier build would be taken for this image's.</summary>
    private static void RemoveUpdates(string directory)
    {
        File.Delete(Path.Combine(directory, Artefacts.Update));
        File.Delete(Path.Combine(directory, Artefacts.DeltaUpdate));
        if (Directory.Exists(Path.Combine(directory, Artefacts.Delta)))
        {
            Directory.Delete(Path.Combine(directory, Artefacts.Delta), recursive: true);
        }
    }

    private string CommandLine => string.Join(' ', _manifest.Kernel.CommandLine);

    /// <summary>From all that makes the image what it is; not from keys, nor from sizes of the disk.</summary>
    private Guid DeriveUuid(RootTar tar, KernelFiles kernel, IReadOnlyList<ModuleResolver.Chosen> modules, byte[] init, IReadOnlyList<HookProgram> hooks)
    {
        VeritySettings planned = VerityImage.Plan(_manifest.Verity, dataLength: 0);
        return ImageIdentity.Derive(
        [
            tar.ContentDigest,
            SHA256.HashData(kernel.Image),
            SHA256.HashData(init),
            Encoding.UTF8.GetBytes(CommandLine),
            Encoding.UTF8.GetBytes($"{_manifest.Rootfs.FileSystem} {_manifest.Rootfs.Compression} {_manifest.Verity.FecRoots}{(_manifest.Rootfs.ForDelta ? " delta" : "")}"),
            BootConfigJson.Write(Configuration(Guid.Empty, planned, modules)),
            .. hooks.Select(hook => SHA256.HashData(hook.Content)),
        ]);
    }

    private BootConfiguration Configuration(Guid uuid, VeritySettings verity, IReadOnlyList<ModuleResolver.Chosen> modules) => new()
    {
        FormatVersion = 1,
        ImageUuid = uuid,
        ImageName = _manifest.Image.Name,
        ImageVersion = _manifest.Image.Version,
        Root = new RootSettings { FileSystem = _manifest.Rootfs.FileSystem, SlotLabels = DiskLayout.RootSlots, Verity = verity },
        Modules = [.. modules.Select(module => module.Settings)],
        Overlays = _manifest.Overlays,
        ResetVariable = _manifest.ResetVariable,
        Volumes = [.. _manifest.Volumes.Select(volume => volume.Settings)],
        Hooks = [.. _manifest.Hooks.Select(hook => hook.Settings)],
        Tpm = _manifest.Tpm,
        Failure = _manifest.Failure,
        WatchdogSeconds = _manifest.Boot.WatchdogSeconds,
        DeviceTimeoutSeconds = _manifest.Boot.DeviceTimeoutSeconds,
        Init = _manifest.Boot.Init,
        DebugShell = _manifest.Development.DebugShell,
    };

    private byte[]? Signature(VeritySettings verity) => _manifest.Verity is { RootHashKey: { } key, RootHashCertificate: { } certificate }
        ? VerityImage.SignRootHash(verity.RootHash, key, certificate, _tools, _log)
        : null;

    private static string OsReleaseOf(string tar)
    {
        using TarArchive archive = TarArchive.Open(tar);
        return archive.ReadText(OsRelease.Path) ?? archive.ReadText(OsRelease.OtherPath)!;
    }

    private ImageSummary Summary(
        Guid uuid,
        KernelFiles kernel,
        IReadOnlyList<ModuleResolver.Chosen> modules,
        VeritySettings verity,
        IReadOnlyList<PcrValue> pcrValues,
        GptTable table) => new()
        {
            Name = _manifest.Image.Name,
            Version = _manifest.Image.Version,
            ImageUuid = uuid,
            Architecture = _manifest.Rootfs.Architecture,
            KernelVersion = kernel.Version,
            CommandLine = CommandLine,
            FileSystem = _manifest.Rootfs.FileSystem,
            Algorithm = verity.Algorithm,
            Roothash = verity.RootHash,
            Salt = verity.Salt,
            HashOffset = verity.HashOffset,
            DataBlockSize = verity.DataBlockSize,
            HashBlockSize = verity.HashBlockSize,
            DataBlocks = verity.DataBlocks,
            FecOffset = verity.Fec?.Offset,
            FecRoots = verity.Fec?.Roots,
            Partitions = table.Partitions.ToDictionary(partition => partition.Label, partition => partition.Id),
            Volumes = [.. _manifest.Volumes.Select(volume => new VolumeSummary(
                volume.Settings.Name, volume.Settings.MountPoint, volume.Settings.FileSystem, VolumeSettingsJson.Name(volume.Settings.Encryption)))],
            Modules = [.. modules.Where(module => !module.Settings.InRoot).Select(module => module.Settings.Name)],
            Pcr11 = pcrValues.GroupBy(value => value.Bank.Name).ToDictionary(
                bank => bank.Key,
                IReadOnlyDictionary<string, string> (bank) => bank.ToDictionary(value => value.PhasePath, value => Convert.ToHexStringLower(value.Value))),
            Artefacts = Made.ToDictionary(name => name, Describe),
        };

    private ArtefactSummary Describe(string name)
    {
        using FileStream stream = File.OpenRead(Path.Combine(_work, name));
        return new ArtefactSummary(stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
    }

    /// <summary>What a device's firmware (or <c>initruntime run</c>) has to be given, if the manifest says where it is.</summary>
    private static void CopyCertificates(string? source, string directory)
    {
        if (source is null || !_certificates.All(name => File.Exists(Path.Combine(source, name))))
        {
            return;
        }

        Directory.CreateDirectory(directory);
        foreach (string name in _certificates)
        {
            File.Copy(Path.Combine(source, name), Path.Combine(directory, name), overwrite: true);
        }
    }
}
