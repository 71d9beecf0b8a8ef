using System.Collections.Generic;
using System.IO;
using System.Linq;
using InitRuntime.Formats.BootConfig;
using static InitRuntime.Mkinitramfs.Manifest.ManifestKeys;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>What became of one manifest file: the manifest, or all that is wrong with it.</summary>
/// <param name="Manifest">Null when there are errors.</param>
/// <param name="Errors">In the order of the file.</param>
/// <param name="Values">Every key's value with its origin.</param>
internal sealed record ManifestReading(ImageManifest? Manifest, IReadOnlyList<ManifestError> Errors, ManifestValues Values);

/// <summary>Reads a manifest. Writes nothing, throws nothing about what the file says.</summary>
internal static class ManifestReader
{
    /// <summary>Reads and checks a manifest; paths in it are relative to its directory.</summary>
    internal static ManifestReading Read(string file)
    {
        var errors = new ManifestErrors(file);
        var values = new ManifestValues();
        if (ManifestLayers.Read(file, errors) is { } root)
        {
            ReadSections(root, new("", Path.GetDirectoryName(Path.GetFullPath(file))!, errors), values);
            ManifestRules.Check(values, errors);
        }

        return new(errors.Any ? null : Assemble(Path.GetFullPath(file), values), errors.InOrder(), values);
    }

    private static void ReadSections(ManifestNode root, FormContext context, ManifestValues values)
    {
        foreach (ManifestMember member in root.Members)
        {
            if (ManifestSections.Find(member.Name) is not { } section)
            {
                context.Errors.Add(member.Place, ManifestErrors.Word(member.Name), member.Value.Kind is NodeKind.Table or NodeKind.List ? "unknown section" : "unknown key", SectionHint(member.Name));
                continue;
            }

            values.SetHeader(section.Name, member.Place);
            if (!section.Repeated && member.Value.Kind == NodeKind.Table)
            {
                ReadTable(section, member.Value, 0, context, values);
            }
            else if (section.Repeated && member.Value.Kind == NodeKind.List && member.Value.Items.All(item => item.Kind == NodeKind.Table))
            {
                values.SetCount(section.Name, member.Value.Items.Count);
                for (int i = 0; i < member.Value.Items.Count; i++)
                {
                    ReadTable(section, member.Value.Items[i], i, context, values);
                }
            }
            else
            {
                context.Errors.Add(member.Place, section.Name, $"{member.Value.KindInWords}, wanted a section", $"begin it with {section.Header}");
            }
        }

        foreach (ManifestKey key in ManifestSections.All.Where(section => !section.Repeated).SelectMany(section => section.Keys))
        {
            CheckRequired(key, 0, values.HeaderOf(key.Section), context, values);
        }
    }

    private static void ReadTable(ManifestSection section, ManifestNode table, int index, FormContext context, ManifestValues values)
    {
        foreach (ManifestMember member in table.Members)
        {
            if (section.Keys.FirstOrDefault(key => key.Name == member.Name) is { } known)
            {
                known.Read(member.Value, context with { Key = known.FullName }, values, index, member.Place);
            }
            else
            {
                context.Errors.Add(member.Place, $"{section.Name}.{ManifestErrors.Word(member.Name)}", "unknown key", KeyHint(section, member.Name));
            }
        }

        foreach (ManifestKey key in section.Keys.Where(_ => section.Repeated))
        {
            CheckRequired(key, index, table.Place, context, values);
        }
    }

    private static void CheckRequired(ManifestKey key, int index, Place header, FormContext context, ManifestValues values)
    {
        if (key.Required && values.PlaceOf(key, index) is null)
        {
            context.Errors.Add(header, key.FullName, "missing", $"add {key.Name} = ..: {key.FormInWords.Replace("`", "")}");
        }
    }

    private static string SectionHint(string name) =>
        ManifestSections.Keys.FirstOrDefault(key => key.Name == name) is { } key ? $"{name} belongs into {ManifestSections.Find(key.Section)!.Header}"
        : Nearest.Of(name, ManifestSections.All.Select(section => section.Name)) is { } near ? $"did you mean {ManifestSections.Find(near)!.Header}?"
        : $"known sections: {string.Join(", ", ManifestSections.All.Select(section => section.Header))}";

    private static string KeyHint(ManifestSection section, string name) =>
        Nearest.Of(name, section.Keys.Select(key => key.Name)) is { } near ? $"did you mean {near}?"
        : ManifestSections.Keys.FirstOrDefault(key => key.Name == name) is { } key ? $"{name} belongs into {ManifestSections.Find(key.Section)!.Header}"
        : $"known keys: {string.Join(", ", section.Keys.Select(key => key.Name))}";

    private static ImageManifest Assemble(string file, ManifestValues values) => new()
    {
        File = file,
        Image = new(values.Get(ImageName), values.Get(ImageVersion), values.Get(ImageUuid)),
        Rootfs = new()
        {
            Suite = values.Get(RootfsSuite),
            Architecture = values.Get(RootfsArchitecture),
            Mirrors = values.Get(RootfsMirrors),
            Packages = values.Get(RootfsPackages),
            Exclude = values.Get(RootfsExclude),
            Files = values.Get(RootfsFiles),
            Scripts = values.Get(RootfsScripts),
            Tar = values.Get(RootfsTar),
            Tree = values.Get(RootfsTree),
            FileSystem = values.Get(RootfsFileSystem),
            Compression = values.Get(RootfsCompression),
            ForDelta = values.Get(UpdateMake) && values.Get(UpdateDeltaUrl) is not null,
        },
        Kernel = new()
        {
            Package = values.Get(KernelPackage),
            CommandLine = values.Get(KernelCommandLine),
            Modules = values.Get(KernelModules),
            ModulesAlways = values.Get(KernelModulesAlways),
            ModuleOptions = values.Get(KernelModuleOptions),
        },
        Verity = new()
        {
            Algorithm = values.Get(VerityAlgorithm),
            DataBlockSize = values.Get(VerityDataBlockSize),
            HashBlockSize = values.Get(VerityHashBlockSize),
            Salt = values.Get(VeritySalt)!,
            OnCorruption = values.Get(VerityOnCorruption),
            CheckAtMostOnce = values.Get(VerityCheckAtMostOnce),
            IgnoreZeroBlocks = values.Get(VerityIgnoreZeroBlocks),
            TryVerifyInTasklet = values.Get(VerityTryVerifyInTasklet),
            FecRoots = values.Get(VerityFecRoots),
            RootHashKey = values.Get(VerityRootHashKey),
            RootHashCertificate = values.Get(VerityRootHashCertificate),
        },
        Disk = new()
        {
            EfiSize = values.Get(DiskEfiSize),
            BootSize = values.Get(DiskBootSize),
            RootSize = values.Get(DiskRootSize),
        },
        Volumes = [.. Enumerable.Range(0, values.CountOf(VolumeName.Section) ?? 0).Select(i => VolumeOf(values, i))],
        Tpm = new()
        {
            Measure = values.Get(TpmMeasure),
            SignedPcrs = values.Get(TpmSignedPcrs),
            Pcrs = values.Get(TpmPcrs),
            Pin = values.Get(TpmPin),
        },
        Boot = new()
        {
            Loader = values.Get(BootLoader),
            WatchdogSeconds = values.Get(BootWatchdog),
            WatchdogModules = values.Get(BootWatchdogModules),
            WatchdogModulesAreNamed = values.PlaceOf(BootWatchdogModules) is not null,
            DeviceTimeoutSeconds = values.Get(BootDeviceTimeout),
            Init = values.Get(BootInit),
        },
        Overlays = OverlaysOf(values),
        ResetVariable = values.Get(ResetLoaderVariable),
        Device = new(values.Get(DeviceControl)),
        Confirm = new(values.Get(ConfirmWithin), values.Get(ConfirmReadRoot), values.Get(ConfirmNoFailedUnits)),
        Update = new(
            values.Get(UpdateMake), values.Get(UpdateBoard), values.Get(UpdateRevision), values.Get(UpdateCompatible), values.Get(UpdateAllowOlder), values.Get(UpdateRestart),
            values.Get(UpdateEncrypt), values.Get(UpdateDeltaUrl)),
        Hooks = [.. HookRules.Order(values).Select(i => HookOf(file, values, i))],
        HealthChecks = [.. Enumerable.Range(0, values.CountOf(HealthCheckName.Section) ?? 0).Select(i => new HealthCheck(
            values.Get(HealthCheckName, i), values.Get(HealthCheckCommand, i), values.Get(HealthCheckTimeout, i)))],
        Failure = new() { Action = values.Get(OnFailure), LongestDelaySeconds = values.Get(FailureLongestDelay) },
        Signing = new()
        {
            SecureBootCertificate = values.Get(SigningCertificate)!,
            SecureBootKey = values.Get(SigningKey),
            SecureBootCommand = AbsoluteProgram(SigningCommand, values, file),
            PcrPublicKey = values.Get(SigningPcrPublicKey),
            PcrKey = values.Get(SigningPcrKey),
            PcrCommand = AbsoluteProgram(SigningPcrCommand, values, file),
            UpdateCertificate = values.Get(SigningUpdateCertificate),
            UpdateKey = values.Get(SigningUpdateKey),
            UpdateEncryptionKey = values.Get(SigningUpdateEncryptionKey),
            UpdateCommand = AbsoluteProgram(SigningUpdateCommand, values, file),
            EnrolDirectory = values.Get(SigningKeys),
        },
        Development = new() { DebugShell = values.Get(DevelopmentDebugShell) },
    };

    private static VolumeSection VolumeOf(ManifestValues values, int i) => new(
        new()
        {
            Name = values.Get(VolumeName, i),
            MountPoint = values.Get(VolumeMount, i),
            FileSystem = values.Get(VolumeFileSystem, i),
            MountOptions = string.Join(',', values.Get(VolumeMountOptions, i)),
            Encryption = values.Get(VolumeEncrypt, i),
            Grow = values.Get(VolumeGrow, i),
            OnUnlockFailure = values.Get(VolumeOnUnlockFailure, i),
            RecoveryKey = values.Get(VolumeRecoveryKey, i),
            EscrowProgram = values.Get(VolumeEscrowProgram, i),
            Snapshots = values.Get(VolumeSnapshots, i),
            SharedPaths = values.Get(VolumeSharedPaths, i),
            SharedOn = values.Get(VolumeSharedOn, i),
            ImagePaths = values.Get(VolumeImagePaths, i),
            SnapshotBytes = values.Get(VolumeSnapshots, i) == SnapshotProvider.DmSnapshot ? values.Get(VolumeSnapshotSize, i) : 0,
            MinimumFreeBytes = values.Get(VolumeSnapshots, i) == SnapshotProvider.Btrfs ? values.Get(VolumeMinimumFree, i) : 0,
            OnDamage = values.Get(VolumeOnDamage, i),
            FactoryReset = values.Get(VolumeFactoryReset, i),
        },
        values.Get(VolumeSize, i),
        values.PlaceOf(VolumeImagePaths, i) is not null);

    private static HookSection HookOf(string file, ManifestValues values, int i)
    {
        string? inRoot = values.Get(HookRootProgram, i);
        string? project = values.Get(HookProject, i);
        Place place = values.PlaceOf(project is null ? (ManifestKey)HookName : HookClass, i)!.Value;
        return new(
            new()
            {
                Name = values.Get(HookName, i),
                Point = values.Get(HookAt, i),
                Kind = project is not null ? HookKind.Compiled : inRoot is not null ? HookKind.RootProgram : HookKind.Program,
                Program = values.Get(HookClass, i) ?? inRoot ?? $"{HookSection.Directory}/{values.Get(HookName, i)}",
                Arguments = values.Get(HookArguments, i),
                TimeoutSeconds = values.Get(HookTimeout, i),
                OnFailure = values.Get(HookOnFailure, i),
            },
            project ?? values.Get(HookProgram, i),
            Path.GetFullPath(place.File ?? file),
            place.Line);
    }

    private static IReadOnlyList<OverlaySettings> OverlaysOf(ManifestValues values) => values.CountOf(OverlayPath.Section) is not { } count
        ? DefaultOverlays(values)
        : [.. Enumerable.Range(0, count).Select(i => new OverlaySettings
        {
            Path = values.Get(OverlayPath, i),
            Upper = values.Get(OverlayKept, i),
            Volume = values.Get(OverlayVolume, i),
        })];

    private static IReadOnlyList<string>? AbsoluteProgram(ManifestKey<IReadOnlyList<string>?> key, ManifestValues values, string file)
    {
        IReadOnlyList<string>? words = values.Get(key);
        string directory = Path.GetDirectoryName(Path.GetFullPath((values.PlaceOf(key) is { } place ? BoardProfiles.IsProfile(place.File) ? null : place.File : null) ?? file))!;
        return words is [var program, ..] && program.Contains('/') ? [Path.GetFullPath(Path.Combine(directory, program)), .. words.Skip(1)] : words;
    }
}
