using System;
using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.BootReport;
using InitRuntime.Formats.Overlay;
using InitRuntime.Linux;
using Microsoft.Win32.SafeHandles;

namespace InitRuntime.Overlay;

/// <summary>
/// A writable layer that outlives the boot, in its home on a volume: <c>upper</c> and <c>work</c> for the kernel; <c>baseline</c>, the
/// listing of the image that the layer was last used with; <c>drift</c>, what it hides that has changed since.
/// </summary>
/// <param name="path">The overlay's directory in the root.</param>
/// <param name="home">Where the layer lives.</param>
/// <param name="root">Where the root is mounted, still without overlays.</param>
/// <param name="image">The image that boots.</param>
/// <param name="feed">Feeds the watchdog.</param>
/// <param name="log">For choices.</param>
internal sealed class KeptLayer(string path, string home, string root, Guid image, Action feed, Kmsg log)
{
    /// <summary>What a home has.</summary>
    internal const string Upper = "upper", Work = "work", Baseline = "baseline", Drift = "drift";

    private const int OwnersOnly = 0x1c0; // 0700
    private const int OwnersFile = 0x180; // 0600
    private const int UuidLine = 37;

    /// <summary>Beside what is to be: what a cut boot left there is removed.</summary>
    private const string Unfinished = ".new-";

    private readonly string _upper = $"{home}/{Upper}";
    private readonly string _baseline = $"{home}/{Baseline}";
    private readonly string _drift = $"{home}/{Drift}";
    private readonly string _listing = root + LowerListing.PathOf(path);

    /// <summary>Makes what is missing; gives what of the image the layer hides that has changed since.</summary>
    /// <exception cref="BootException">Something else is in the way.</exception>
    /// <exception cref="SyscallException">ENOSPC, EIO: the layer cannot be made.</exception>
    internal IReadOnlyList<DriftEntry> Prepare()
    {
        MakeHome();
        MakeOwn($"{home}/{Work}");
        if (IsThere(_upper))
        {
            return FindDrift();
        }

        Make();
        return [];
    }

    /// <summary>The home and the two directories above it, none of them a link: a volume is not to lead to another one.</summary>
    private void MakeHome()
    {
        int begin = home.Length;
        for (int i = 0; i < 3; i++)
        {
            begin = home.LastIndexOf('/', begin - 1);
        }

        for (int end = home.IndexOf('/', begin + 1); end >= 0; end = home.IndexOf('/', end + 1))
        {
            MakeOwn(home[..end]);
        }

        MakeOwn(home);
    }

    /// <summary>A new layer. It is there once it has its name; until then all of this is done again.</summary>
    private void Make()
    {
        KernelFile.Remove(_drift);
        KernelFile.Remove(_baseline);
        if (KernelFile.TryReadAll(_listing, LowerListing.MaximumLength) is { } listing)
        {
            Write(_baseline, WithImage(listing));
        }

        string unfinished = $"{home}/{Unfinished}{Upper}";
        FileTree.Remove(unfinished);
        KernelFile.MakeDirectory(unfinished, OwnersOnly);
        KernelFile.CopyOwnerAndMode(root + path, unfinished);
        KernelFile.SyncFileSystem(home);
        KernelFile.Rename(unfinished, _upper);
        SyncHome();
    }

    /// <summary>Only a report depends on it: what goes wrong here ends no boot.</summary>
    private IReadOnlyList<DriftEntry> FindDrift()
    {
        try
        {
            DriftState? state = ReadState();
            return ReadImage() == image && (state is null || state.Image == image) ? state?.Report(path) ?? [] : Compare(state?.Hidden ?? []);
        }
        catch (Exception e) when (e is SyscallException or BootException)
        {
            log.Write(Priority.Choice, $"overlay {path}: what it hides of this image is not known: {e.Message}");
            return [];
        }
    }

    private IReadOnlyList<DriftEntry> Compare(IReadOnlyList<HiddenEntry> known)
    {
        if (KernelFile.TryReadAll(_listing, LowerListing.MaximumLength) is not { } listing)
        {
            return []; // It lies in a volume: there is no image below it.
        }

        if (!LowerListing.TryParse(listing, out LowerListing now, out ParseError error))
        {
            throw new BootException($"{_listing}: {error.Message}");
        }

        if (!TryReadBaseline(out LowerListing old, out string? missing))
        {
            log.Write(Priority.Choice, $"overlay {path}: comparisons begin with this image: {missing}");
            old = now;
        }

        var state = new DriftState(image, Formats.Overlay.Drift.Compare(old, now, UpperLayer.Read(_upper, feed), known));
        IReadOnlyList<DriftEntry> report = state.Report(path);
        if (report.Count > 0)
        {
            log.Write(Priority.Choice, $"overlay {path}: {report.Count} changes of this image are hidden by older ones of the device");
        }

        try
        {
            Keep(state, listing);
        }
        catch (SyscallException e)
        {
            log.Write(Priority.Choice, $"overlay {path}: what it hides is compared again at the next boot: {e.Message}");
        }

        return report;
    }

    /// <summary>The new listing is kept last: until then, the next boot compares again, and finds the same.</summary>
    private void Keep(DriftState state, byte[] listing)
    {
        if (state.Hidden.Count > 0)
        {
            Replace(_drift, state.ToBytes());
        }
        else
        {
            KernelFile.Remove(_drift);
            SyncHome();
        }

        Replace(_baseline, WithImage(listing));
    }

    /// <summary>What the layer hid when its drift was last looked at; null if that was nothing, and for no image if it cannot be read.</summary>
    private DriftState? ReadState()
    {
        if (KindOf(_drift) is null)
        {
            return null;
        }

        if (DriftState.TryParse(Read(_drift, DriftState.MaximumLength), out DriftState state, out ParseError error))
        {
            return state;
        }

        log.Write(Priority.Choice, $"overlay {path}: {_drift} is damaged and will be made anew: {error.Message}");
        return new(Guid.Empty, []);
    }

    /// <summary>The image that the baseline is of, from its first line.</summary>
    private Guid? ReadImage()
    {
        if (KindOf(_baseline) != FileKind.File)
        {
            return null;
        }

        Span<byte> line = stackalloc byte[UuidLine];
        using SafeFileHandle file = KernelFile.Open(_baseline);
        return KernelFile.ReadAt(file, 0, line, _baseline) == line.Length && DriftState.TryImage(line, out Guid found, out _) ? found : null;
    }

    private bool TryReadBaseline(out LowerListing listing, out string? missing)
    {
        listing = LowerListing.Empty;
        ParseError error = new("no image UUID");
        bool isRead = DriftState.TryImage(Read(_baseline, LowerListing.MaximumLength + UuidLine), out _, out ReadOnlySpan<byte> text)
            && LowerListing.TryParse(text, out listing, out error);
        missing = isRead ? null : $"{_baseline}: {error.Message}";
        return isRead;
    }

    /// <summary>What is in a file; nothing if it is none, or longer than it can be.</summary>
    private static byte[] Read(string file, int limit) =>
        FileStatus.TryOf(file) is { Kind: FileKind.File } status && status.Length <= limit ? KernelFile.ReadAll(file, limit) : [];

    private byte[] WithImage(byte[] listing)
    {
        byte[] text = new byte[UuidLine + listing.Length];
        System.Text.Encoding.ASCII.GetBytes($"{image}\n", text);
        listing.CopyTo(text, UuidLine);
        return text;
    }

    /// <summary>At each moment the old file or the new one is there.</summary>
    private void Replace(string file, byte[] content)
    {
        string unfinished = $"{home}/{Unfinished}file";
        Write(unfinished, content);
        KernelFile.Rename(unfinished, file);
        SyncHome();
    }

    private static void Write(string file, byte[] content)
    {
        KernelFile.Remove(file);
        KernelFile.Create(file, content, OwnersFile);
        using SafeFileHandle written = KernelFile.Open(file, write: true);
        KernelFile.Sync(written, file);
    }

    private void SyncHome()
    {
        using SafeFileHandle directory = KernelFile.OpenDirectory(home);
        KernelFile.Sync(directory, home);
    }

    private void MakeOwn(string directory)
    {
        if (!IsThere(directory))
        {
            KernelFile.MakeDirectory(directory, OwnersOnly);
        }
    }

    private bool IsThere(string directory) => KindOf(directory) switch
    {
        null => false,
        FileKind.Directory => true,
        _ => throw new BootException($"overlay {path}: {directory} is no directory", hint: "remove what is there; it is this program's place"),
    };

    private static FileKind? KindOf(string file) => FileStatus.TryOf(file)?.Kind;
}
