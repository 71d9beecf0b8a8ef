using System;
using System.Text;
using System.Text.Json;
using InitRuntime.Formats.Json;
using InitRuntime.Formats.Luks2;

namespace InitRuntime.Formats.FactoryReset;

/// <summary>
/// What <c>systemd-factory-reset request</c> leaves in the EFI variable <see cref="VariableName"/> of vendor
/// <see cref="Efi.EfiVendor.Systemd"/>, since systemd 258. Source: src/factory-reset/factory-reset-tool.c, src/shared/factory-reset.c
/// and src/basic/efivars.c of systemd; docs/FACTORY_RESET.md.
/// <list type="bullet">
/// <item>Text in UTF-16, little endian, with a NUL at its end: one JSON object.</item>
/// <item>Of the system that asked: <c>osReleaseId</c> (ID of its os-release; always there), and where it has them
/// <c>osReleaseVersionId</c>, <c>osReleaseImageId</c> and <c>osReleaseImageVersion</c>; <c>bootId</c>, 32 hex digits, the kernel's
/// boot ID when it asked. Members that nobody knows are allowed.</item>
/// <item>It counts when <c>osReleaseId</c> and <c>osReleaseImageId</c> are those of the system that reads it (both may lack the latter),
/// and <c>bootId</c> is not that of the running boot: in the boot that asked, it is for the next one. Versions do not count, so that an
/// update may lie between. What is no such JSON, a bare <c>1</c> too, is passed over.</item>
/// <item>When the work is done the variable is removed, and <c>/run/systemd/factory-reset-complete</c> says so to the rest of this boot.
/// A request of another system is left alone.</item>
/// <item>systemd 257 and older know another variable, <c>FactoryReset</c>, which only systemd-repart reads.</item>
/// </list>
/// </summary>
/// <param name="OsId">ID of the system that asked.</param>
/// <param name="ImageId">IMAGE_ID of it, or null.</param>
/// <param name="BootId">The boot that asked.</param>
public sealed record SystemdResetRequest(string OsId, string? ImageId, Guid BootId)
{
    /// <summary>The variable's name.</summary>
    public const string VariableName = "FactoryResetRequest";

    /// <summary>What tells the rest of a boot that its factory reset is over.</summary>
    public const string CompletePath = "/run/systemd/factory-reset-complete";

    /// <summary>The longest value that is read, in bytes.</summary>
    public const int MaximumLength = 4096;

    private const int MaximumIdLength = 256;

    /// <summary>Reads the variable's data, without the attributes that efivarfs puts in front.</summary>
    public static bool TryParse(ReadOnlySpan<byte> data, out SystemdResetRequest value, out ParseError error)
    {
        value = null!;
        error = data.Length > MaximumLength ? new($"longer than {MaximumLength} bytes")
            : data.Length % sizeof(char) != 0 ? new($"{data.Length} bytes are no UTF-16")
            : default;
        if (error.IsError)
        {
            return false;
        }

        // systemd reads up to the NUL, too. Half of a surrogate pair becomes a character that no ID has.
        string text = Encoding.Unicode.GetString(data);
        int end = text.IndexOf('\0');
        try
        {
            value = Read(Encoding.UTF8.GetBytes(end < 0 ? text : text[..end]));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            error = new($"not valid: {Escaped.Text(e.Message)}");
        }

        return !error.IsError;
    }

    /// <summary>Whether a system of this ID and IMAGE_ID asked.</summary>
    public bool IsOf(string? osId, string? imageId) => OsId == osId && ImageId == imageId;

    private static SystemdResetRequest Read(ReadOnlySpan<byte> document)
    {
        var json = new JsonInput(document);
        string? id = null, imageId = null;
        Guid? bootId = null;
        json.BeginObject();
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "osReleaseId": id = json.Text(MaximumIdLength); break;
                case "osReleaseImageId": imageId = json.Text(MaximumIdLength); break;
                case "bootId": bootId = ReadId(json); break;
                default: json.Skip(); break;
            }
        }

        var request = new SystemdResetRequest(json.Required(id, "osReleaseId"), imageId, json.Required(bootId, "bootId"));
        json.End();
        return request;
    }

    private static Guid ReadId(JsonInput json)
    {
        string text = json.Text(36);
        return Guid.TryParseExact(text, "N", out Guid id) || Guid.TryParseExact(text, "D", out id) ? id : throw json.Error("not an ID of 128 bits");
    }
}
