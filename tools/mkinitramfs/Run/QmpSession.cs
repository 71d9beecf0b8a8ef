using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using InitRuntime.Mkinitramfs.Host;

namespace InitRuntime.Mkinitramfs.Run;

/// <summary>QEMU's machine protocol: commands with their answers, and the events of a machine. Source: QEMU docs/interop/qmp-spec.</summary>
internal sealed class QmpSession
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    private readonly Stream _stream;
    private readonly object _gate = new();
    private readonly List<string> _events = [];
    private JsonNode? _answer;
    private bool _ended;

    internal QmpSession(Stream stream)
    {
        _stream = stream;
        var reader = new Thread(() => ReadAll(new StreamReader(stream))) { IsBackground = true, Name = "qmp" };
        reader.Start();
        Execute("qmp_capabilities");
    }

    /// <summary>Names of the events so far: RESET, SHUTDOWN, WATCHDOG, GUEST_PANICKED ...</summary>
    internal IReadOnlyList<string> Events
    {
        get
        {
            lock (_gate)
            {
                return [.. _events];
            }
        }
    }

    /// <summary>Runs one command and gives what it returns; null if the machine is gone.</summary>
    /// <exception cref="BuildException">QEMU refuses it, or does not answer.</exception>
    internal JsonNode? Execute(string command, JsonObject? arguments = null)
    {
        lock (_gate)
        {
            _answer = null;
            var request = new JsonObject { ["execute"] = command };
            if (arguments is not null)
            {
                request["arguments"] = arguments;
            }

            try
            {
                _stream.Write(Encoding.UTF8.GetBytes(request.ToJsonString() + "\n"));
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                return null;
            }

            var watch = Stopwatch.StartNew();
            while (_answer is null && !_ended)
            {
                if (!Monitor.Wait(_gate, AnswerLimit) && watch.Elapsed >= AnswerLimit)
                {
                    throw new BuildException($"QEMU does not answer to {command}");
                }
            }

            return _answer?["error"] is { } error
                ? throw new BuildException($"QEMU refuses {command}: {error["desc"]}")
                : _answer?["return"];
        }
    }

    /// <summary>Waits for the <paramref name="count"/>th event of a name; false when time is up or the machine is gone.</summary>
    internal bool WaitForEvent(string name, TimeSpan limit, int count = 1)
    {
        var watch = Stopwatch.StartNew();
        lock (_gate)
        {
            while (_events.FindAll(known => known == name).Count < count)
            {
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

    private void ReadAll(StreamReader reader)
    {
        try
        {
            while (reader.ReadLine() is { } line)
            {
                JsonNode? message = JsonNode.Parse(line);
                lock (_gate)
                {
                    if (message?["event"] is { } name)
                    {
                        _events.Add(name.GetValue<string>());
                    }
                    else if (message?["return"] is not null || message?["error"] is not null)
                    {
                        _answer = message;
                    }

                    Monitor.PulseAll(_gate);
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or System.Text.Json.JsonException)
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
