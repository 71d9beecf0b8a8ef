using System;
using System.Text;
using InitRuntime.Formats;
using InitRuntime.Formats.FactoryReset;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.FactoryReset;

/// <summary>No released Debian has systemd 258 yet, so the bytes are made as its source says, not by the tool.</summary>
public sealed class SystemdResetRequestTests
{
    private const string Sample =
        """{"osReleaseId":"debian","osReleaseVersionId":"13","osReleaseImageId":"demo","osReleaseImageVersion":"1.0","bootId":"0123456789abcdef0123456789abcdef"}""";

    private static readonly Guid _bootId = new("01234567-89ab-cdef-0123-456789abcdef");

    [Fact]
    public void What_systemd_writes_is_read()
    {
        Assert.Equal(new SystemdResetRequest("debian", "demo", _bootId), Parsed(Sample));
        Assert.Equal(
            new SystemdResetRequest("debian", null, _bootId),
            Parsed("""{"osReleaseId":"debian","bootId":"01234567-89ab-cdef-0123-456789abcdef","newMember":{"a":[1,2]}}"""));
    }

    [Fact]
    public void It_counts_for_the_system_that_asked_and_no_other()
    {
        SystemdResetRequest request = Parsed(Sample);
        Assert.True(request.IsOf("debian", "demo"));
        Assert.False(request.IsOf("debian", null));
        Assert.False(request.IsOf("debian", "other"));
        Assert.False(request.IsOf("fedora", "demo"));
        Assert.False(request.IsOf(null, null));
        Assert.True((request with { ImageId = null }).IsOf("debian", null));
    }

    [Theory]
    [InlineData("1", "not valid: wanted an object")]
    [InlineData("yes", "not valid: 'y' is an invalid start of a value.")]
    [InlineData("", "not valid: The input does not contain any JSON tokens.")]
    [InlineData("""{"osReleaseId":"debian"}""", "not valid: bootId is missing")]
    [InlineData("""{"bootId":"0123456789abcdef0123456789abcdef"}""", "not valid: osReleaseId is missing")]
    [InlineData("""{"osReleaseId":"debian","bootId":"0123456789abcdef"}""", "not valid: bootId: not an ID of 128 bits")]
    [InlineData("""{"osReleaseId":1,"bootId":"0123456789abcdef0123456789abcdef"}""", "not valid: osReleaseId: wanted a string")]
    public void What_systemd_would_pass_over_is_refused(string text, string expected)
    {
        Assert.False(SystemdResetRequest.TryParse(Utf16(text), out _, out ParseError error));
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_UTF_16_or_too_long_is_refused()
    {
        Assert.False(SystemdResetRequest.TryParse(Encoding.UTF8.GetBytes(Sample), out _, out _));
        Assert.False(SystemdResetRequest.TryParse([1], out _, out ParseError error));
        Assert.Equal("1 bytes are no UTF-16", error.Message);
        Assert.False(SystemdResetRequest.TryParse(new byte[4098], out _, out error));
        Assert.Equal("longer than 4096 bytes", error.Message);
    }

    [Fact]
    public void A_hostile_variable_is_answered() =>
        Hostile.EveryPrefixAndEveryDamagedByte(Utf16(Sample), bytes => SystemdResetRequest.TryParse(bytes, out _, out _));

    [Theory]
    [InlineData("ID=debian\n", "debian")]
    [InlineData("NAME=\"x\"\nID=\"debian\"\n", "debian")]
    [InlineData("ID='debian'", "debian")]
    [InlineData("ID=first\nID=second", "second")]
    [InlineData("#ID=debian\nVERSION_ID=13\nIMAGE_ID=demo", null)]
    [InlineData("ID=\"a \\\"quoted\\\" \\$one\"", "a \"quoted\" $one")]
    [InlineData("ID=\"no end", null)]
    [InlineData("ID=", "")]
    [InlineData("", null)]
    public void A_field_of_os_release_is_what_a_shell_makes_of_it(string text, string? expected) => Assert.Equal(expected, OsReleaseText.Find(text, "ID"));

    internal static byte[] Utf16(string text) => Encoding.Unicode.GetBytes(text + '\0');

    private static SystemdResetRequest Parsed(string text)
    {
        Assert.True(SystemdResetRequest.TryParse(Utf16(text), out SystemdResetRequest request, out ParseError error), error.Message);
        return request;
    }
}
