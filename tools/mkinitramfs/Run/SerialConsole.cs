using System;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;

namespace InitRuntime.Mkinitramfs.Run;

/// <summary>The guest's serial line: kept in a file as it came, and as plain text to look for words in.</summary>
internal sealed class SerialConsole : IDisposable
{
    private readonly Stream _toGuest;
    private readonly FileStream _log;
    private readonly Thread _reader;
    private readonly object _gate = new();
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _line = new();
    private EscapeState _escape;
    private bool _ended;

    internal SerialConsole(Stream fromGuest, Stream toGuest, string logFile)
    {
        _toGuest = toGuest;
        _log = new FileStream(logFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        _reader = new Thread(() => ReadAll(fromGuest)) { IsBackground = true, Name = "serial line" };
        _reader.Start();
    }

    private enum EscapeState
    {
        None,
        Begun,
        Sequence,
    }

    /// <summary>Each finished line, without terminal escapes; called on the reader's thread.</summary>
    internal event Action<string>? Line;

    /// <summary>All that came so far, without terminal escapes.</summary>
    internal string Text
    {
        get
        {
            lock (_gate)
            {
                return _text.ToString();
            }
        }
    }

    /// <summary>Waits until a text has come; false when time is up or the line has ended without it.</summary>
    internal bool WaitFor(string wanted, TimeSpan limit, int startAt = 0)
    {
        var watch = Stopwatch.StartNew();
        lock (_gate)
        {
            int from = startAt;
            while (!_text.ToString(Math.Min(from, _text.Length), Math.Max(0, _text.Length - from)).Contains(wanted, StringComparison.Ordinal))
            {
                // Next time only what is new is searched, and the end of this, in which the wanted text may have begun.
                from = Math.Max(startAt, _text.Length - wanted.Length + 1);
                TimeSpan left = limit - watch.Elapsed;
                if (_ended || left <= TimeSpan.Zero)
                {
                    return false;
                }

                Monitor.Wait(_gate, left);
            }

            return true;
        }
    }

    /// <summary>Types on the console.</summary>
    internal void Type(string text)
    {
        _toGuest.Write(Encoding.UTF8.GetBytes(text));
        _toGuest.Flush();
    }

    /// <summary>The last lines, for the message of a failed test.</summary>
    internal string LastLines(int count)
    {
        string[] lines = Text.TrimEnd().Split('\n');
        return string.Join('\n', lines[Math.Max(0, lines.Length - count)..]);
    }

    public void Dispose()
    {
        _reader.Join();
        _log.Dispose();
    }

    private void ReadAll(Stream fromGuest)
    {
        byte[] buffer = new byte[4096];
        try
        {
            for (int count = fromGuest.Read(buffer); count > 0; count = fromGuest.Read(buffer))
            {
                _log.Write(buffer, 0, count);
                Take(buffer.AsSpan(0, count));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The machine was ended; what came before is kept.
        }

        lock (_gate)
        {
            _ended = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            char c = (char)b;
            if (!IsPlain(c))
            {
                continue;
            }

            string? finished = null;
            lock (_gate)
            {
                _text.Append(c);
                if (c == '\n')
                {
                    finished = _line.ToString();
                    _line.Clear();
                    Monitor.PulseAll(_gate);
                }
                else
                {
                    _line.Append(c);
                }
            }

            if (finished is not null)
            {
                Line?.Invoke(finished);
            }
        }

        lock (_gate)
        {
            // A prompt has no line's end.
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Whether a character is text: no part of an ANSI escape, no carriage return.</summary>
    private bool IsPlain(char c)
    {
        switch (_escape)
        {
            case EscapeState.Begun:
                _escape = c == '[' ? EscapeState.Sequence : EscapeState.None;
                return false;
            case EscapeState.Sequence:
                _escape = c is >= '@' and <= '~' ? EscapeState.None : EscapeState.Sequence;
                return false;
            default:
                _escape = c == '\e' ? EscapeState.Begun : EscapeState.None;
                return c is '\n' or '\t' or >= ' ';
        }
    }
}
