using System;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using InitRuntime.Formats.Tpm;

namespace InitRuntime.TpmUnlock;

/// <summary>
/// Appends to systemd's log of user space measurements with its protocol: the file is locked, and its sticky bit stands while a record
/// is being written, so that a torn log is known as such.
/// </summary>
public static class EventLog
{
    /// <summary>Where systemd looks for it; /run goes along at hand-over.</summary>
    public const string DefaultPath = "/run/log/systemd/tpm2-measure.log";

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Appends one record; the directory is made when it is missing.</summary>
    /// <param name="record">What was measured.</param>
    /// <param name="bootId">/proc/sys/kernel/random/boot_id.</param>
    /// <param name="sinceBoot">CLOCK_BOOTTIME.</param>
    /// <param name="path">The log.</param>
    /// <returns>False when an earlier writer died while writing: such a log is left alone, as systemd does.</returns>
    /// <exception cref="IOException">The file cannot be written, or another process holds it.</exception>
    [SuppressMessage("Interoperability", "CA1416", Justification = "this program runs on Linux only")]
    public static bool TryAppend(EventLogRecord record, Guid bootId, TimeSpan sinceBoot, string path = DefaultPath)
    {
        ArgumentNullException.ThrowIfNull(record);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            Share = FileShare.None,
            UnixCreateMode = Private,
            BufferSize = 0,
        });
        if ((File.GetUnixFileMode(file.SafeFileHandle) & UnixFileMode.StickyBit) != 0)
        {
            return false;
        }

        File.SetUnixFileMode(file.SafeFileHandle, Private | UnixFileMode.StickyBit);
        file.Seek(0, SeekOrigin.End);
        file.Write(record.Encode(bootId, sinceBoot));
        File.SetUnixFileMode(file.SafeFileHandle, Private);
        return true;
    }
}
