using System;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.TpmUnlock;
using InitRuntime.Unit.Harness;

namespace InitRuntime.Unit.TpmUnlock;

/// <summary>Debian's swtpm over a socket: a new TPM for each test, to which our code and the real tools talk in turn.</summary>
internal sealed class SoftwareTpm : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);
    private readonly TemporaryDirectory _directory = new();
    private Process _process;

    internal SoftwareTpm()
    {
        Directory.CreateDirectory(_directory["state"]);
        _process = Start();
    }

    /// <summary>What <c>--tpm2-device=</c> of systemd's tools and TPM2TOOLS_TCTI want.</summary>
    internal string Device => $"swtpm:path={Socket}";

    private string Socket => _directory["socket"];

    internal string File(string name) => _directory[name];

    internal string Write(string name, ReadOnlySpan<byte> content)
    {
        System.IO.File.WriteAllBytes(_directory[name], content);
        return _directory[name];
    }

    /// <summary>Our way to it; only one at a time, and no tool while it is open.</summary>
    internal Tpm Connect() => new(new SocketTransport(Socket));

    internal SocketTransport Transport() => new(Socket);

    /// <summary>Runs a tool against it; it must succeed.</summary>
    internal string Run(string tool, params string[] arguments) => Tools.Run("env", [.. Variables, tool, .. arguments]);

    /// <summary>Runs a tool against it; its exit code and messages.</summary>
    internal (int ExitCode, string Output) TryRun(string tool, params string[] arguments)
    {
        (int code, byte[] output, string errors) =
            Tools.Tree.Command("env", [.. Variables, tool, .. arguments]).TryRun(new PlainLog(TextWriter.Null, showCommands: false));
        return (code, System.Text.Encoding.UTF8.GetString(output) + errors);
    }

    internal string Shell(string script) => Run("sh", "-euc", script);

    /// <summary>Extends a PCR's SHA-256 bank with the digest of a text, as tpm2-tools do it.</summary>
    internal void Extend(int pcr, string text) => Run("tpm2_pcrextend", $"{pcr}:sha256={Hash(text)}");

    internal string Pcr(int pcr, string bank = "sha256")
    {
        string printed = Run("tpm2_pcrread", $"{bank}:{pcr}");
        return printed[(printed.LastIndexOf("0x", StringComparison.Ordinal) + 2)..].Trim().ToLowerInvariant();
    }

    /// <summary>A power cycle: PCRs start anew, what is persistent stays.</summary>
    internal void PowerCycle()
    {
        Stop();
        _process = Start();
    }

    /// <summary>Another chip: nothing stays.</summary>
    internal void Replace()
    {
        Stop();
        Directory.Delete(_directory["state"], recursive: true);
        Directory.CreateDirectory(_directory["state"]);
        _process = Start();
    }

    public void Dispose()
    {
        Stop();
        _directory.Dispose();
    }

    private static string Hash(string text) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));

    private string[] Variables => [$"TPM2TOOLS_TCTI={Device}", $"SYSTEMD_TPM2_DEVICE={Device}", "SYSTEMD_LOG_TARGET=console"];

    private Process Start()
    {
        System.IO.File.Delete(Socket);
        HostCommand command = Tools.Tree.Command(
            "swtpm", "socket", "--tpm2", "--tpmstate", $"dir={_directory["state"]}", "--server", $"type=unixio,path={Socket}", "--ctrl",
            $"type=unixio,path={Socket}.ctrl", "--flags", "not-need-init,startup-clear");
        var start = new ProcessStartInfo(command.Program);

        // Tied to the thread that started it, it would end with that thread, in the middle of a test.
        foreach (string argument in command.Arguments.Where(a => a != "--die-with-parent"))
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in command.Environment)
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;
        var waited = Stopwatch.StartNew();
        while (!Listens())
        {
            if (process.HasExited || waited.Elapsed > _patience)
            {
                throw new InvalidOperationException($"swtpm does not start: {command}");
            }

            System.Threading.Thread.Sleep(5);
        }

        return process;
    }

    /// <summary>The socket's file is there a moment before anybody answers.</summary>
    private bool Listens()
    {
        try
        {
            new SocketTransport(Socket).Dispose();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Stop()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }
}

/// <summary>The plain TPM protocol over swtpm's Unix socket.</summary>
internal sealed class SocketTransport : ITpmTransport
{
    private const int HeaderLength = 10;
    private readonly Socket _socket;

    internal SocketTransport(string path)
    {
        _socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _socket.Connect(new UnixDomainSocketEndPoint(path));
    }

    public int Exchange(ReadOnlySpan<byte> command, Span<byte> answer, TimeSpan timeLimit)
    {
        _socket.ReceiveTimeout = (int)timeLimit.TotalMilliseconds;
        _socket.Send(command);
        Fill(answer[..HeaderLength]);
        int length = (int)BinaryPrimitives.ReadUInt32BigEndian(answer[2..]);
        Fill(answer[HeaderLength..length]);
        return length;
    }

    public void Dispose() => _socket.Dispose();

    private void Fill(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int read = _socket.Receive(buffer);
            if (read == 0)
            {
                throw new TpmException(TpmFailure.Device, "swtpm closed the connection");
            }

            buffer = buffer[read..];
        }
    }
}
