using System;
using System.Text;
using System.Threading.Tasks;
using InitRuntime.Linux;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Linux;

public sealed class TerminalPromptTests
{
    private static readonly TimeSpan _long = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("secret\n", "secret")]
    [InlineData("secret\r", "secret")]
    [InlineData("\r", "")]
    [InlineData("pass word\n", "pass word")]
    [InlineData("sexx\u007f\bcret\n", "secret")]
    [InlineData("\u007f\u007fab\u007f\u007f\u007fc\n", "c")]
    [InlineData("wrong\u0015right\n", "right")]
    [InlineData("a\0b\u0001\u001b\tc\u0003\u0013d\n", "abcd")]
    [InlineData("größé\u007f!\n", "größ!")]
    public async Task A_line_is_edited_and_ends_with_either_return(string keys, string expected)
    {
        using var terminal = new PseudoTerminal();
        Assert.Equal(expected, await AnswerAsync(terminal, keys, echo: false));
    }

    [Fact]
    public async Task What_is_typed_is_not_shown_and_the_terminal_is_as_before()
    {
        using var terminal = new PseudoTerminal();
        (uint Local, uint Input) before = terminal.Settings;
        Assert.Equal("hidden", await AnswerAsync(terminal, "hidden\n", echo: false));
        Assert.Equal("Key: \r\n", terminal.Shown);
        Assert.Equal(before, terminal.Settings);
    }

    [Fact]
    public async Task With_echo_it_is_shown_as_it_is_edited()
    {
        using var terminal = new PseudoTerminal();
        Assert.Equal("ac", await AnswerAsync(terminal, "ab\u007fc\n", echo: true));
        Assert.Equal("Key: ab\b \bc\r\n", terminal.Shown);
    }

    [Fact]
    public async Task A_line_that_does_not_fit_is_refused_and_asked_for_again()
    {
        using var terminal = new PseudoTerminal();
        using var buffer = new SecretBuffer(4);
        Task<int> reading = Task.Run(() => TerminalPrompt.Read("Key: ", buffer, Deadline.After(_long), device: terminal.Path));
        terminal.WaitFor("Key: ");
        terminal.Type("12345\n");
        terminal.WaitFor("longer than 4 bytes, not taken\r\nKey: ");
        terminal.Type("678\n");
        terminal.WaitFor("Key: \r\n");
        Assert.Equal(3, await reading);
        Assert.Equal("678\0", Encoding.UTF8.GetString(buffer.Span));
    }

    [Fact]
    public async Task No_answer_until_the_deadline_leaves_nothing_of_what_was_typed()
    {
        using var terminal = new PseudoTerminal();
        (uint Local, uint Input) before = terminal.Settings;
        using var buffer = new SecretBuffer(16);
        Task<int> reading = Task.Run(
            () => TerminalPrompt.Read("Key: ", buffer, Deadline.After(TimeSpan.FromSeconds(1)), echo: true, terminal.Path));
        terminal.WaitFor("Key: ");
        terminal.Type("half");
        terminal.WaitFor("half");
        terminal.WaitFor("\r\n");
        Assert.Equal(-1, await reading);
        Assert.Equal(new byte[16], buffer.Span);
        Assert.Equal(before, terminal.Settings);
    }

    [Fact]
    public async Task A_terminal_that_goes_away_is_no_answer_long_before_the_deadline()
    {
        using var terminal = new PseudoTerminal();
        using var buffer = new SecretBuffer(16);
        var deadline = Deadline.After(_long);
        Task<int> reading = Task.Run(() => TerminalPrompt.Read("Key: ", buffer, deadline, device: terminal.Path));
        terminal.WaitFor("Key: ");
        terminal.HangUp();
        Assert.Equal(-1, await reading);
        Assert.False(deadline.Passed);
    }

    [Theory]
    [InlineData("/dev/null")]
    [InlineData("/dev/initruntime-none")]
    public void What_is_no_terminal_is_not_asked(string device)
    {
        using var buffer = new SecretBuffer(16);
        Assert.Equal(-1, TerminalPrompt.Read("Key: ", buffer, Deadline.After(_long), device: device));
    }

    [Fact]
    public void Text_is_shown_as_it_is()
    {
        using var terminal = new PseudoTerminal();
        TerminalPrompt.Show("recovery key: klartext-é\n", terminal.Path);
        terminal.WaitFor("\n");
        Assert.Equal("recovery key: klartext-é\r\n", terminal.Shown);
        Assert.Equal(Errno.ENOENT, Assert.Throws<SyscallException>(() => TerminalPrompt.Show("x", "/dev/initruntime-none")).Errno);
    }

    private static async Task<string> AnswerAsync(PseudoTerminal terminal, string keys, bool echo)
    {
        using var buffer = new SecretBuffer(64);
        Task<int> reading = Task.Run(() => TerminalPrompt.Read("Key: ", buffer, Deadline.After(_long), echo, terminal.Path));
        terminal.WaitFor("Key: ");
        terminal.Type(keys);
        terminal.WaitFor("\r\n");
        int length = await reading;
        Assert.True(length >= 0, "there was no answer");
        Assert.Equal(new byte[64 - length], buffer.Span[length..]);
        return Encoding.UTF8.GetString(buffer.Span[..length]);
    }
}
