using System.IO;
using System.Text;
using System.Text.Json.Nodes;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>docs/manifest.md, made from the keys.</summary>
internal static class ManifestReference
{
    private const string Introduction = """
        # The manifest

        One TOML file says what an image is. `initruntime check MANIFEST` tells all that is wrong with it, and
        `initruntime explain MANIFEST` shows what every key became and whether it is the manifest's or the default.
        This page is made by `initruntime explain --reference`; do not edit it.

        Editors with a TOML language server (Taplo, Even Better TOML) complete and check a manifest whose first line is
        `#:schema PATH-OR-URL/manifest.schema.json`; [that file](manifest.schema.json) is made by `initruntime explain --schema`.

        The smallest manifest:

        ```toml
        [image]
        name = "hello"
        version = "1.0"

        [rootfs]
        packages = ["systemd-sysv", "udev", "dbus"]

        [signing]
        keys = "keys"    # made by: initruntime keys keys
        ```

        Paths on the build machine are relative to the manifest. Sizes are whole mebibytes such as `"64M"` or `"1G"`, times are
        such as `"30s"`, `"5min"` or `"1h"`. An unknown key is an error, and so is a key that another one contradicts.

        """;

    /// <summary>The whole page.</summary>
    internal static string Text()
    {
        var page = new StringBuilder(Introduction.ReplaceLineEndings("\n"));
        foreach (ManifestSection section in ManifestSections.All)
        {
            page.Append($"\n## `{section.Header}`\n\n{section.Summary}\n");
            foreach (ManifestKey key in section.Keys)
            {
                page.Append($"\n**`{key.Name}`**: {key.FormInWords}. {DefaultOf(key)}\\\n{key.Summary}\n");
            }
        }

        return page.ToString();
    }

    internal static void Write(TextWriter output) => output.Write(Text());

    private static string DefaultOf(ManifestKey key) =>
        key.Required ? "Required."
        : key.DefaultInWords is { } words ? $"Default: {words}."
        : key.ShowDefault() is { } value && value is not JsonArray { Count: 0 } and not JsonObject { Count: 0 }
            ? $"Default: `{TomlText.Of(value)}`."
        : "Default: none.";
}
