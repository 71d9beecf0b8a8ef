using System;
using System.Globalization;
using System.IO;
using InitRuntime.Mkinitramfs.Build;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Inspect;

namespace InitRuntime.Mkinitramfs.Update;

/// <summary>How much a device with one image downloads of another one, by chunks.</summary>
internal static class DeltaEstimate
{
    private static readonly (string Label, string Artefact)[] _parts = [("root", Artefacts.Root), ("kernel", Artefacts.Uki)];

    /// <summary>Writes it, part by part.</summary>
    /// <param name="old">Directory of a build: what the device has.</param>
    /// <param name="next">Directory of a build: what it is to have.</param>
    /// <param name="tools">Where zck is.</param>
    /// <param name="output">Gets the lines.</param>
    /// <param name="log">Gets the commands.</param>
    /// <exception cref="BuildException">A directory has no build.</exception>
    internal static void Write(string old, string next, ToolsTree tools, TextWriter output, IBuildLog log)
    {
        string work = Directory.CreateTempSubdirectory("initruntime-").FullName;
        try
        {
            var writer = new InspectionWriter(output);
            long total = 0;
            long whole = 0;
            long headers = 0;
            foreach ((string label, string artefact) in _parts)
            {
                ChunkedFile have = Chunks(old, artefact, Path.Combine(work, "old.zck"), tools, log);
                ChunkedFile want = Chunks(next, artefact, Path.Combine(work, "new.zck"), tools, log);
                (long length, int requests) = want.MissingFrom(have);
                long all = new FileInfo(want.Path).Length;
                writer.Value(label, string.Create(CultureInfo.InvariantCulture, $"{InspectionWriter.Size(length)} of {InspectionWriter.Size(all)}, {requests} requests"));
                total += length;
                whole += all;
                headers += want.HeaderLength;
            }

            string full = Path.Combine(next, Artefacts.Update);
            whole = File.Exists(full) ? new FileInfo(full).Length : whole;
            string delta = Path.Combine(next, Artefacts.DeltaUpdate);
            headers = File.Exists(delta) ? new FileInfo(delta).Length : headers;
            writer.Value("lists of chunks", InspectionWriter.Size(headers));
            writer.Value("together", string.Create(
                CultureInfo.InvariantCulture, $"{InspectionWriter.Size(total + headers)}, {100.0 * (total + headers) / whole:0.0} % of a full update ({InspectionWriter.Size(whole)})"));
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    /// <summary>As the build cut it, or cut now: an image of a time before deltas can be one that a device has.</summary>
    private static ChunkedFile Chunks(string directory, string artefact, string cut, ToolsTree tools, IBuildLog log)
    {
        string file = Path.Combine(directory, artefact);
        string summary = Path.Combine(directory, Artefacts.Summary);
        if (!File.Exists(file) || !File.Exists(summary))
        {
            throw new BuildException($"{directory}: no build: {artefact} or {Artefacts.Summary} is not there", "give the directory that initruntime build --output filled");
        }

        Guid uuid = ImageSummary.Read(File.ReadAllBytes(summary)).ImageUuid;
        string published = Path.Combine(directory, Artefacts.Delta, uuid.ToString(), Path.ChangeExtension(artefact, ".zck"));
        return File.Exists(published)
            ? ChunkedFile.Read(published, tools)
            : log.Step($"cutting {file} into chunks", () => ChunkedFile.Cut(file, cut, tools, log));
    }
}
