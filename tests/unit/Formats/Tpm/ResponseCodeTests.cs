using System;
using InitRuntime.Formats.Tpm;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Formats.Tpm;

public sealed class ResponseCodeTests
{
    [Theory]
    [InlineData(0x921u, "TPM_RC_LOCKOUT", "")]
    [InlineData(0x98eu, "TPM_RC_AUTH_FAIL", "session 1")]
    [InlineData(0x1d5u, "TPM_RC_SIZE", "parameter 1")]
    [InlineData(0x1dfu, "TPM_RC_INTEGRITY", "parameter 1")]
    [InlineData(0x18bu, "TPM_RC_HANDLE", "handle 1")]
    [InlineData(0x99du, "TPM_RC_POLICY_FAIL", "session 1")]
    [InlineData(0x084u, "TPM_RC_VALUE", "")]
    [InlineData(0x128u, "TPM_RC_PCR_CHANGED", "")]
    [InlineData(0x9a2u, "TPM_RC_BAD_AUTH", "session 1")]
    [InlineData(0x2c4u, "TPM_RC_VALUE", "parameter 2")]
    [InlineData(0x7dbu, "TPM_RC_SIGNATURE", "parameter 7")]
    [InlineData(0xb0143u, "TPM_RC_COMMAND_CODE", "")]
    [InlineData(0x902u, "TPM_RC_OBJECT_MEMORY", "")]
    public void A_code_has_its_name_and_says_what_it_is_about_as_tpm2_tools_do(uint value, string name, string subject)
    {
        var code = new ResponseCode(value);
        Assert.Equal(name, code.Name);
        Assert.Equal(subject, code.Subject);
        string theirs = Tools.Run("tpm2_rc_decode", $"0x{value:x}");
        string theirSubject = subject.Length == 0 ? "" : subject.Replace(" ", "(", StringComparison.Ordinal) + ")";
        Assert.Contains(theirSubject, theirs, StringComparison.Ordinal);
        Assert.Equal(subject.Length == 0, !System.Text.RegularExpressions.Regex.IsMatch(theirs, @"(parameter|session|handle)\([1-9]"));
        Assert.Equal(theirs.Contains("warn", StringComparison.Ordinal), code.IsWarning);
        Assert.Contains($"0x{value:x}", code.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_number_has_words_and_none_throws()
    {
        for (uint value = 0; value < 0x1000; value++)
        {
            Assert.NotEqual("", new ResponseCode(value).ToString());
            Assert.NotEqual("", new ResponseCode(value << 16).ToString());
        }
    }
}
