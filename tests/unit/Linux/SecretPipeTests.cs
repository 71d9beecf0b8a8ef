using System.Diagnostics;
using System.Text;
using InitRuntime.Linux;
using Xunit;

namespace InitRuntime.Unit.Linux;

public class SecretPipeTests
{
    [Fact]
    public void Another_program_reads_the_secret_once_by_its_path()
    {
        using var pipe = new SecretPipe("correct horse"u8);

        using var reader = Process.Start(new ProcessStartInfo("head", ["--bytes=13", pipe.Path]) { RedirectStandardOutput = true })!;
        string read = reader.StandardOutput.ReadToEnd();
        reader.WaitForExit();

        Assert.Equal("correct horse", read);
        Assert.Equal(0, reader.ExitCode);
    }

    [Fact]
    public void More_than_a_pipe_takes_at_once_is_refused()
    {
        byte[] much = Encoding.ASCII.GetBytes(new string('x', 4097));

        Assert.Throws<System.ArgumentOutOfRangeException>(() => new SecretPipe(much));
    }
}
