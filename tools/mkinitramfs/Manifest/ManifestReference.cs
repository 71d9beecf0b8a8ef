using System.IO;
using System.Linq;
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

        ## Families of images: `extends` and `[variables]`

        ```toml
        extends = ["profile:amd64", "../family.toml"]    # above all sections

        [variables]
        VERSION = { environment = "CI_VERSION", default = "0.0.1" }
        PRODUCT = "gateway"

        [image]
        name = "${PRODUCT}"
        version = "${VERSION}"

        [rootfs]
        packages = ["...", "openssh-server"]
        ```

        A manifest takes over all that the manifests set which it extends; where two set the same key, the later one of the list wins, and the
        manifest itself over all. Of sections that can stand several times, two are the same if their first key (`name`, or `path`) is the same;
        others are added. In a list, `"..."` stands for the extended list. Paths are relative to the manifest that they stand in. `profile:NAME`
        is a manifest that the tool carries: PROFILES (`initruntime profile NAME` shows it).

        `${NAME}` in any text is the variable of that name. Only what `[variables]` declares comes out of the environment, and without a `default`
        the build asks for it. `$${` is a plain `${`. `initruntime explain` names the file, line and variable that each value comes from.

        """;

    /// <summary>The whole page.</summary>
    internal static string Text()
    {
        var page = new StringBuilder(Introduction.ReplaceLineEndings("\n").Replace("PROFILES", string.Join(", ", BoardProfiles.Names.Select(name => $"`{name}`"))));
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
