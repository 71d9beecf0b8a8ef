using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;

namespace InitRuntime.Mkinitramfs.Run;

/// <summary>The guest's report port: lines of text in both directions.</summary>
internal sealed class GuestPort
{
    /// <summary>What may wait to be read, in characters; of a guest that writes more, nothing more is taken.</summary>
    private const int MaximumWaiting = 16 << 20;

    private readonly Stream _stream;
    private readonly object _gate = new();
    private readonly Queue<string> _lines = new();
    private int _waiting;
    private bool _ended;

    internal GuestPort(Stream stream)
    {
        _stream = stream;
        new Thread(ReadAll) { IsBackground = true, Name = "report" }.Start();
    }

    /// <summary>The next line of the guest; null when time is up or the machine has ended without one. Empty lines are not told.</summary>
    internal string? WaitForLine(TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        lock (_gate)
        {
            while (_lines.Count == 0 && !_ended && watch.Elapsed < limit)
            {
                Monitor.Wait(_gate, limit - watch.Elapsed is { Ticks: > 0 } left ? left : TimeSpan.Zero);
            }

            if (!_lines.TryDequeue(out string? line))
            {
                return null;
            }

            _waiting -= line.Length;
            return line;
        }
    }

    /// <summary>Writes a line; the guest gets it once it has opened the port. Nothing happens when the machine is gone.</summary>
    internal void Send(string line)
    {
        try
        {
            _stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // No answer will come: whoever waits for one finds that out.
        }
    }

    private void ReadAll()
    {
        try
        {
            using var reader = new StreamReader(_stream, Encoding.UTF8, leaveOpen: true);
            var line = new StringBuilder();
            for (int next = reader.Read(); next >= 0 && _waiting + line.Length < MaximumWaiting; next = reader.Read())
            {
                if (next != '\n')
                {
                    line.Append((char)next);
                }
                else if (line.Length > 0)
                {
                    lock (_gate)
                    {
                        _lines.Enqueue(line.ToString());
                        _waiting += line.Length;
                        Monitor.PulseAll(_gate);
                    }

                    line.Clear();
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The machine was ended.
        }

        lock (_gate)
        {
            _ended = true;
            Monitor.PulseAll(_gate);
        }
    }
}
