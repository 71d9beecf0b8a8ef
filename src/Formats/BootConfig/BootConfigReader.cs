using System;
using System.Collections.Generic;
using InitRuntime.Formats.Json;

namespace InitRuntime.Formats.BootConfig;

/// <summary>The reading half of boot.json: every member known, each of the right type. What values mean is up to <see cref="BootConfigRules"/>.</summary>
internal static class BootConfigReader
{
    private const int MostLabels = 8;
    private const int MostModules = 1024;
    private const int MostAliases = 4096;

    internal static BootConfiguration Read(ReadOnlySpan<byte> document)
    {
        var json = new JsonInput(document);
        long? version = null;
        Guid? uuid = null;
        string? name = null, imageVersion = null, init = null, resetVariable = null;
        RootSettings? root = null;
        List<ModuleSettings>? modules = null;
        List<OverlaySettings>? overlays = null;
        List<VolumeSettings>? volumes = null;
        List<HookSettings>? hooks = null;
        TpmSettings? tpm = null;
        FailureSettings? failure = null;
        long? timeout = null, watchdog = null;
        bool? shell = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "format_version": version = json.Number(0, int.MaxValue); break;
                case "image_uuid": uuid = json.Uuid(); break;
                case "image_name": name = json.Text(); break;
                case "image_version": imageVersion = json.Text(); break;
                case "root": root = ReadRoot(ref json); break;
                case "modules": modules = ReadModules(ref json); break;
                case "overlays": overlays = VolumeSettingsJson.ReadOverlays(ref json); break;
                case "volumes": volumes = VolumeSettingsJson.ReadVolumes(ref json); break;
                case "hooks" when HookSupport.IsOn: hooks = HookSettingsJson.ReadHooks(ref json); break;
                case "tpm": tpm = VolumeSettingsJson.ReadTpm(ref json); break;
                case "reset_variable": resetVariable = json.Text(); break;
                case "failure": failure = ReadFailure(ref json); break;
                case "watchdog_seconds": watchdog = json.Number(0, ushort.MaxValue); break;
                case "device_timeout_seconds": timeout = json.Number(0, int.MaxValue); break;
                case "init": init = json.Text(); break;
                case "debug_shell": shell = json.Flag(); break;
                default: throw json.Unknown();
            }
        }

        var read = new BootConfiguration
        {
            FormatVersion = (int)json.Required(version, "format_version"),
            ImageUuid = json.Required(uuid, "image_uuid"),
            ImageName = json.Required(name, "image_name"),
            ImageVersion = json.Required(imageVersion, "image_version"),
            Root = json.Required(root, "root"),
            Modules = json.Required(modules, "modules"),
            Overlays = json.Required(overlays, "overlays"),
            Volumes = json.Required(volumes, "volumes"),
            Hooks = hooks ?? [],
            Tpm = json.Required(tpm, "tpm"),
            ResetVariable = resetVariable,
            Failure = json.Required(failure, "failure"),
            WatchdogSeconds = (int)json.Required(watchdog, "watchdog_seconds"),
            DeviceTimeoutSeconds = (int)json.Required(timeout, "device_timeout_seconds"),
            Init = json.Required(init, "init"),
            DebugShell = json.Required(shell, "debug_shell"),
        };
        json.End();
        return read;
    }

    private static RootSettings ReadRoot(ref JsonInput json)
    {
        string? fileSystem = null;
        List<string>? labels = null;
        VeritySettings? verity = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "file_system": fileSystem = json.Text(); break;
                case "slot_labels": labels = json.Texts(MostLabels); break;
                case "verity": verity = ReadVerity(ref json); break;
                default: throw json.Unknown();
            }
        }

        return new RootSettings
        {
            FileSystem = json.Required(fileSystem, "file_system"),
            SlotLabels = json.Required(labels, "slot_labels"),
            Verity = json.Required(verity, "verity"),
        };
    }

    private static VeritySettings ReadVerity(ref JsonInput json)
    {
        string? algorithm = null, rootHash = null, salt = null, signature = null;
        long? dataBlockSize = null, hashBlockSize = null, dataBlocks = null, hashOffset = null;
        CorruptionPolicy? onCorruption = null;
        bool once = false, zeros = false, tasklet = false;
        ForwardErrorCorrection? fec = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "algorithm": algorithm = json.Text(); break;
                case "root_hash": rootHash = json.Text(); break;
                case "salt": salt = json.Text(); break;
                case "data_block_size": dataBlockSize = json.Number(0, int.MaxValue); break;
                case "hash_block_size": hashBlockSize = json.Number(0, int.MaxValue); break;
                case "data_blocks": dataBlocks = json.Number(0, long.MaxValue); break;
                case "hash_offset": hashOffset = json.Number(0, long.MaxValue); break;
                case "on_corruption": onCorruption = ReadPolicy(json); break;
                case "check_at_most_once": once = json.Flag(); break;
                case "ignore_zero_blocks": zeros = json.Flag(); break;
                case "try_verify_in_tasklet": tasklet = json.Flag(); break;
                case "fec": fec = ReadFec(ref json); break;
                case "root_hash_signature": signature = json.Text(); break;
                default: throw json.Unknown();
            }
        }

        return new VeritySettings
        {
            Algorithm = json.Required(algorithm, "algorithm"),
            RootHash = json.Required(rootHash, "root_hash"),
            Salt = json.Required(salt, "salt"),
            DataBlockSize = (int)json.Required(dataBlockSize, "data_block_size"),
            HashBlockSize = (int)json.Required(hashBlockSize, "hash_block_size"),
            DataBlocks = json.Required(dataBlocks, "data_blocks"),
            HashOffset = json.Required(hashOffset, "hash_offset"),
            OnCorruption = json.Required(onCorruption, "on_corruption"),
            CheckAtMostOnce = once,
            IgnoreZeroBlocks = zeros,
            TryVerifyInTasklet = tasklet,
            Fec = fec,
            RootHashSignature = signature,
        };
    }

    private static CorruptionPolicy ReadPolicy(JsonInput json) => json.Text() switch
    {
        "panic" => CorruptionPolicy.Panic,
        "restart" => CorruptionPolicy.Restart,
        "eio" => CorruptionPolicy.Eio,
        "ignore" => CorruptionPolicy.Ignore,
        _ => throw json.Error("wanted panic, restart, eio or ignore"),
    };

    private static ForwardErrorCorrection ReadFec(ref JsonInput json)
    {
        long? offset = null, roots = null, blocks = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "offset": offset = json.Number(0, long.MaxValue); break;
                case "roots": roots = json.Number(0, int.MaxValue); break;
                case "blocks": blocks = json.Number(0, long.MaxValue); break;
                default: throw json.Unknown();
            }
        }

        return new ForwardErrorCorrection
        {
            Offset = json.Required(offset, "offset"),
            Roots = (int)json.Required(roots, "roots"),
            Blocks = json.Required(blocks, "blocks"),
        };
    }

    private static List<ModuleSettings> ReadModules(ref JsonInput json)
    {
        var modules = new List<ModuleSettings>();
        json.BeginArray();
        while (json.NextItem())
        {
            modules.Add(modules.Count < MostModules ? ReadModule(ref json) : throw json.Error($"more than {MostModules}"));
        }

        return modules;
    }

    private static ModuleSettings ReadModule(ref JsonInput json)
    {
        string? name = null, path = null, options = null, algorithm = null;
        bool? always = null, inRoot = null;
        var needs = new List<int>();
        List<string>? aliases = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "name": name = json.Text(); break;
                case "path": path = json.Text(); break;
                case "in_root": inRoot = json.Flag(); break;
                case "always": always = json.Flag(); break;
                case "options": options = json.Text(); break;
                case "needs":
                    json.BeginArray();
                    while (json.NextItem())
                    {
                        needs.Add((int)json.Number(0, MostModules));
                    }

                    break;
                case "algorithm": algorithm = json.Text(); break;
                case "aliases": aliases = json.Texts(MostAliases); break;
                default: throw json.Unknown();
            }
        }

        return new ModuleSettings
        {
            Name = json.Required(name, "name"),
            Path = json.Required(path, "path"),
            InRoot = json.Required(inRoot, "in_root"),
            Always = json.Required(always, "always"),
            Options = options ?? "",
            Needs = needs,
            Algorithm = algorithm ?? "",
            Aliases = aliases ?? [],
        };
    }

    private static FailureSettings ReadFailure(ref JsonInput json)
    {
        FailureAction? action = null;
        long? delay = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "action":
                    action = json.Text() switch
                    {
                        "reboot" => FailureAction.Reboot,
                        "halt" => FailureAction.Halt,
                        "power-off" => FailureAction.PowerOff,
                        _ => throw json.Error("wanted reboot, halt or power-off"),
                    };
                    break;
                case "longest_delay_seconds": delay = json.Number(0, int.MaxValue); break;
                default: throw json.Unknown();
            }
        }

        return new FailureSettings
        {
            Action = json.Required(action, "action"),
            LongestDelaySeconds = (int)json.Required(delay, "longest_delay_seconds"),
        };
    }
}
