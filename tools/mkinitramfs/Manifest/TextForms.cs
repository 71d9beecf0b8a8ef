using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using InitRuntime.Formats.BootConfig;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>The forms of single keys: names, versions, packages, modules, words of the kernel command line.</summary>
internal static class TextForms
{
    private const int LongestName = 64;

    /// <summary>Salt of a verity superblock: at most 256 bytes. Source: cryptsetup lib/verity, VERITY_MAX_SALT.</summary>
    private const int LongestSalt = 2 * 256;

    /// <summary>Lengths of the kernel's own names. Source: MODULE_NAME_LEN in linux/module.h on 64-bit machines.</summary>
    private const int LongestModuleName = 55;

    private static readonly SearchValues<char> _packageCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789+-.=~:/");

    /// <summary>Words with a meaning that this boot chain has taken away; why, for each.</summary>
    private static readonly Dictionary<string, string> _refusedWords = new(StringComparer.Ordinal)
    {
        ["init"] = "use boot.init",
        ["rdinit"] = "/init of the initramfs is always run first",
        ["root"] = "the root is found by the UUID in its verity superblock",
        ["rootfstype"] = "use rootfs.file-system",
        ["initrd"] = "the initramfs is part of the UKI",
        ["noinitrd"] = "without the initramfs nothing checks the root",
        ["roothash"] = "the root hash is sealed in the initramfs",
        ["usrhash"] = "the root hash is sealed in the initramfs",
    };

    internal static Form<string> ImageName { get; } = Forms.Text("lower-case letters, digits, `.` and `-`", text =>
        text.Length is >= 1 and <= LongestName && char.IsAsciiLetterOrDigit(text[0])
            && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-')
            ? null
            : Wrong(text, "an image name", $"1 to {LongestName} lower-case letters, digits, dots and dashes, the first a letter or digit"));

    internal static Form<string> Version { get; } = Forms.Text("digits, letters, `.`, `+`, `~` and `-`, beginning with a digit", text =>
        text.Length is >= 1 and <= LongestName && char.IsAsciiDigit(text[0])
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '+' or '~' or '-')
            ? null
            : Wrong(text, "a version", $"1 to {LongestName} letters, digits and . + ~ -, the first a digit, such as \"1.4.0\""));

    internal static Form<Guid?> Uuid { get; } = Forms.Text("a UUID", text =>
        Guid.TryParseExact(text, "D", out Guid uuid) && uuid != Guid.Empty
            ? null
            : Wrong(text, "a UUID", "such as \"8dfb4b90-1f5a-4e53-8c5e-0d1f5ad2c1b7\", as uuidgen makes them"))
        .OrNone<Guid?>(text => Guid.ParseExact(text, "D"), uuid => uuid!.Value.ToString());

    internal static Form<string?> Suite { get; } = Forms.Text("a Debian suite", text =>
        IsWord(text, "-.") ? null : Wrong(text, "a suite", "a name such as \"trixie\"")).OrNone<string?>(text => text, text => text!);

    internal static Form<string> Mirror { get; } = Forms.Text("a URL or an apt sources line", text =>
        HasControl(text) || !new[] { "http://", "https://", "file:/", "copy:/", "deb " }.Any(start => text.StartsWith(start, StringComparison.Ordinal))
            ? Wrong(text, "a mirror", "a URL such as \"http://mirror.example/debian\", or a line that begins with \"deb \"")
            : null);

    internal static Form<string> Package { get; } = Forms.Text("a Debian package", text =>
    {
        string name = text.Split('=', '/', ':')[0];
        return name.Length < 2 || HasControl(text) || text.AsSpan().ContainsAny(", ") || !char.IsAsciiLetterOrDigit(name[0])
                || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '+' or '-' or '.')
                ? Wrong(text, "a package", "a name such as \"openssh-server\", with =VERSION or /SUITE behind it if need be")
            : name.StartsWith("linux-image-", StringComparison.Ordinal) ? ($"{ManifestErrors.Quote(text)} is a kernel", "name it in kernel.package")
            : null;
    });

    internal static Form<string> KernelPackage { get; } = Forms.Text("a Debian package", text =>
        text.StartsWith("linux-image-", StringComparison.Ordinal) && text.AsSpan().IndexOfAnyExcept(_packageCharacters) < 0
            ? null
            : Wrong(text, "a kernel package", "such as \"linux-image-amd64\", \"linux-image-cloud-amd64\" or \"linux-image-rt-amd64\""));

    internal static Form<string> Exclude { get; } = Forms.Text("a path pattern of dpkg", text =>
        text.Length < 2 || text[0] != '/' || HasControl(text) || text.Contains(' ')
            ? Wrong(text, "a path pattern", "it begins with /, such as \"/usr/share/doc/*\"")
            : null);

    internal static Form<string> Word { get; } = Forms.Text("one word of the kernel command line", text =>
        text.Length == 0 || text.Any(c => c is <= ' ' or > '~' or '"')
                ? Wrong(text, "one word", "give each word its own item, without spaces, quotes or letters beyond ASCII")
            : _refusedWords.TryGetValue(text.Split('=')[0], out string? why) ? ($"{ManifestErrors.Quote(text)} has no place here", why)
            : null);

    /// <summary>A module by the kernel's name: dashes become underscores.</summary>
    internal static Form<string> Module { get; } = Underscored(Forms.Text("a kernel module", text =>
        IsModuleName(text) ? null : Wrong(text, "a module name", "letters, digits and _, without path and .ko, such as \"virtio_blk\"")));

    internal static Form<string> VolumeName { get; } = Forms.Text("lower-case letters, digits and `-`", text =>
        VolumeRules.IsName(text)
            ? null
            : Wrong(text, "a volume name", $"1 to {VolumeSettings.MaximumNameLength} lower-case letters, digits and dashes, the first a letter"));

    internal static Form<string> LoaderVariable { get; } = Forms.Text("letters, digits, `_`, `.` and `-`", text =>
        text.Length is >= 1 and <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-')
            ? null
            : Wrong(text, "a variable's name", "1 to 64 letters, digits, underscores, dots and dashes"));

    /// <summary>SWUpdate reads /etc/hwrevision as two words, and its own file in quotes.</summary>
    internal static Form<string> Hardware { get; } = Forms.Text("a word of letters, digits, `.`, `_`, `+` and `-`", text =>
        text.Length is >= 1 and <= LongestName && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '+' or '-')
            ? null
            : Wrong(text, "a name of hardware", $"1 to {LongestName} letters, digits and . _ + -"));

    /// <summary>Without a slash at its end: names are put behind it.</summary>
    internal static Form<string?> WebAddress { get; } = Forms.Text("an `http` or `https` address", text =>
        !HasControl(text) && !text.AsSpan().ContainsAny("\" \\#?") && !text.EndsWith('/') && Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
            ? null
            : Wrong(text, "a web address", "such as \"https://updates.example.com/gateway\", without a / at its end"))
        .OrNone<string?>(text => text, text => text!);

    internal static Form<string> HardwarePattern { get; } = Forms.Text("a revision, or `#RE:` and a regular expression", text =>
        text.Length is >= 1 and <= LongestName && !HasControl(text)
            ? null
            : Wrong(text, "a revision", "such as \"1\", or \"#RE:^1\\.[0-9]$\""));

    internal static Form<string> MountOption { get; } = Forms.Text("one mount option", text =>
        text.Length > 0 && !text.Contains(',') && VolumeRules.IsMountOptions(text)
            ? null
            : Wrong(text, "one mount option", "give each option its own item, such as \"noexec\"; no commas, spaces or letters beyond ASCII"));

    internal static Form<string?> Salt { get; } = Forms.Text("hex digits", text =>
        text.Length <= LongestSalt && text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit)
            ? null
            : Wrong(text, "a salt", $"an even number of hex digits, at most {LongestSalt}; \"\" for none"))
        .OrNone<string?>(text => text.ToLowerInvariant(), text => text!);

    internal static Form<string> ClassName { get; } = Forms.Text("a class with its namespace", text =>
        HookSettingsJson.IsClass(text) ? null : Wrong(text, "a class", "its full name, such as \"Gateway.Identity\""));

    internal static Form<string> CommandWord { get; } = Forms.Text("a word of a command", text =>
        text.Length == 0 || HasControl(text) ? Wrong(text, "a word of a command", "text without control characters") : null);

    /// <summary>A table of module parameters, by module name.</summary>
    internal static Form<IReadOnlyDictionary<string, string>> ModuleOptions { get; } = new(
        "a table: module = parameters",
        (ManifestNode node, FormContext context, out IReadOnlyDictionary<string, string> value) =>
        {
            var options = new SortedDictionary<string, string>(StringComparer.Ordinal);
            value = options;
            if (!context.Wants(node, NodeKind.Table, "a table"))
            {
                return false;
            }

            bool good = true;
            foreach (ManifestMember member in node.Members)
            {
                var at = new FormContext($"{context.Key}.{ManifestErrors.Word(member.Name)}", context.Directory, context.Errors);
                string name = member.Name.Replace('-', '_');
                if (!IsModuleName(name) || options.ContainsKey(name))
                {
                    context.Errors.Add(member.Place, context.Key, $"{ManifestErrors.Quote(member.Name)} is not a module name, or stands twice", "letters, digits and _");
                    good = false;
                }
                else if (!at.Wants(member.Value, NodeKind.Text, "parameters in quotes such as \"nowayout=1\""))
                {
                    good = false;
                }
                else if (member.Value.Text.Length == 0 || member.Value.Text.Any(c => c is < ' ' or > '~'))
                {
                    good = at.Refuse(member.Value, $"{ManifestErrors.Quote(member.Value.Text)} is not a list of parameters", "name=value, several with spaces between");
                }
                else
                {
                    options.Add(name, member.Value.Text);
                }
            }

            return good;
        },
        value => new JsonObject(value.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))))
    {
        Schema = () => new JsonObject { ["type"] = "object", ["additionalProperties"] = new JsonObject { ["type"] = "string" } },
    };

    private static Form<string> Underscored(Form<string> form) => new(
        form.InWords,
        (ManifestNode node, FormContext context, out string value) =>
        {
            bool read = form.Read(node, context, out value);
            value = value.Replace('-', '_');
            return read;
        },
        form.Show);

    private static bool IsModuleName(string text) =>
        text.Length is >= 1 and <= LongestModuleName && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    private static bool IsWord(string text, string others) =>
        text.Length is >= 1 and <= LongestName && text.All(c => char.IsAsciiLetterOrDigit(c) || others.Contains(c));

    private static bool HasControl(string text) => text.Any(char.IsControl);

    private static (string What, string? Hint)? Wrong(string text, string wanted, string hint) =>
        ($"{ManifestErrors.Quote(text)} is not {wanted}", hint);
}
