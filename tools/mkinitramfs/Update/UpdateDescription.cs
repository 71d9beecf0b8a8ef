using System;
using System.Linq;
using System.Text;
using InitRuntime.Formats.BootEntries;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Mkinitramfs.Initramfs;
using InitRuntime.Mkinitramfs.Manifest;

namespace InitRuntime.Mkinitramfs.Update;

/// <summary>
/// <c>sw-description</c>: what SWUpdate 2024.12 installs, and where. Root and kernel are there once for each slot; a signed script in Lua
/// keeps those of the slot that may be written, by the links of <c>initruntime-ctl prepare-update</c>.
/// </summary>
/// <remarks>Source: SWUpdate's doc/source/sw-description.rst; parser/parser.c for what a hook's two answers mean: good, and kept.</remarks>
internal static class UpdateDescription
{
    private const string UkiPath = $"/{BootSlots.KernelName}";

    /// <summary>The text of the file.</summary>
    /// <param name="manifest">Of the image.</param>
    /// <param name="uuid">Of the image.</param>
    /// <param name="root">The root file system with its hash tree.</param>
    /// <param name="uki">The signed kernel.</param>
    /// <param name="script">What tells systemd-boot of it, at the end; null for EFI Boot Guard, whose environment SWUpdate changes itself.</param>
    internal static string Make(ImageManifest manifest, Guid uuid, UpdateMember root, UpdateMember uki, UpdateMember? script) => $$"""
        software =
        {
            name = {{Quote(manifest.Image.Name)}};
            version = {{Quote(manifest.Image.Version)}};
            description = {{Quote($"{manifest.Image.Name} {manifest.Image.Version}, image {uuid}")}};
            hardware-compatibility: [ {{string.Join(", ", manifest.Update.Compatible.Select(Quote))}} ];
            embedded-script = {{Quote(Script(uuid))}};
            files: (
        {{Join(slot => $$"""
                {
                    filename = {{Quote(uki.Name)}};
                    path = "{{(manifest.Boot.HasEntries ? $"/{BootEntryName.Directory}/{BootEntryName.Unfinished}" : UkiPath)}}";
                    device = "{{BootSlots.UpdateLinks}}/{{slot.Boot}}";
                    filesystem = "vfat";
                    {{Handler("rawfile", uki, "boot")}}
                    sha256 = "{{uki.Sha256}}";
                    hook = "{{Hook(slot)}}";
                }
        """)}}
            );
            images: (
        {{Join(slot => $$"""
                {
                    filename = {{Quote(root.Name)}};
                    device = "{{BootSlots.UpdateLinks}}/{{slot.Root}}";
                    {{Handler("raw", root, "root")}}
                    sha256 = "{{root.Sha256}}";
                    hook = "{{Hook(slot)}}";
                }
        """)}}
            );
        {{(manifest.Boot.HasEntries ? Scripts(script!) : Environments())}}
        }

        """;

    /// <summary>The text of a script that is run at the end: the kernel becomes an entry of systemd-boot.</summary>
    internal static string InstallKernel => $"#!/bin/sh\nset -eu\nfor slot in {string.Join(' ', BootSlots.All.Select(slot => slot.Root))}; do\n    if [ -e \"{BootSlots.UpdateLinks}/$slot\" ]; then\n        exec {DeviceProgram.Control.Place} install-kernel \"$slot\"\n    fi\ndone\nexit 1\n";

    private static string Scripts(UpdateMember script) => $$"""
            scripts: (
                {
                    filename = {{Quote(script.Name)}};
                    type = "postinstall";
                    sha256 = "{{script.Sha256}}";
                }
            );
        """;

    private static string Environments() => $$"""
            bootenv: (
        {{Join(slot => $$"""
                {
                    name = "kernelfile";
                    value = "C:{{slot.Boot}}:linux.efi";
                    hook = "{{Hook(slot)}}";
                }
        """)}}
            );
        """;

    /// <summary>It runs while SWUpdate reads this file: nothing was written yet.</summary>
    private static string Script(Guid uuid) => $$"""
        local links = "{{BootSlots.UpdateLinks}}/"
        local function has(name)
            local file = io.open(links .. name, "rb")
            if file then file:close() end
            return file ~= nil
        end
        local function refuse(why)
            swupdate.error("update refused: " .. why)
            return false, false
        end
        local function installed()
            for _, path in ipairs({"/etc/os-release", "/usr/lib/os-release"}) do
                local file = io.open(path, "r")
                if file then
                    local text = file:read("a")
                    file:close()
                    return text:match("IMAGE_UUID=[\"']?([%x-]+)")
                end
            end
        end
        local function slot(root, boot)
            if installed() == "{{uuid}}" then
                return refuse("image {{uuid}} is the one that runs")
            end
            if not (has("root-a") and has("BOOT0")) and not (has("root-b") and has("BOOT1")) then
                return refuse("no slot may be written now; initruntime-ctl prepare-update says why")
            end
            return true, has(root) and has(boot)
        end
        {{string.Join('\n', BootSlots.All.Select(one => $"function {Hook(one)}() return slot(\"{one.Root}\", \"{one.Boot}\") end"))}}
        """;

    private static string Hook(BootSlot slot) => slot.Root.Replace('-', '_');

    /// <summary>
    /// Who writes it: what comes with the update is written as it comes; chunks are looked for on the device, in the image that runs, and
    /// downloaded where they are not there. One range a request, since servers differ in how they answer several.
    /// </summary>
    private static string Handler(string handler, UpdateMember member, string source) => member.ChunksUrl is { } url
        ? $$"""
            type = "delta";
                    properties: {
                        chain = "{{handler}}";
                        url = {{Quote(url)}};
                        source = "{{BootSlots.RunningLinks}}/{{source}}";
                        max-ranges = "1";
                        zckloglevel = "warn";
                    };
            """
        : $"type = \"{handler}\";\n                    installed-directly = true;{(member.Compressed ? "\n                    compressed = \"zstd\";" : "")}"
            + (member.Vector is { } vector ? $"\n                    encrypted = true;\n                    ivt = \"{vector}\";" : "");

    private static string Join(Func<BootSlot, string> entry) => string.Join(",\n", BootSlots.All.Select(entry));

    /// <summary>A text of libconfig. Source: libconfig's manual, "Configuration File Grammar".</summary>
    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            quoted.Append(c switch
            {
                '"' or '\\' => $"\\{c}",
                '\n' => "\\n",
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
