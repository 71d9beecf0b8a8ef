using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace InitRuntime.Mkinitramfs.Manifest;

/// <summary>Manifests that this program carries, for <c>extends = "profile:NAME"</c>: what boards of a kind have in common.</summary>
internal static class BoardProfiles
{
    /// <summary>What tells them from files.</summary>
    internal const string Prefix = "profile:";

    private const string Resources = "profiles/";

    /// <summary>All of them, with the prefix.</summary>
    internal static IReadOnlyList<string> Names { get; } =
    [
        .. typeof(BoardProfiles).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Resources, StringComparison.Ordinal))
            .Select(name => Prefix + Path.GetFileNameWithoutExtension(name)).Order(StringComparer.Ordinal),
    ];

    /// <summary>Whether a place's file is one of them.</summary>
    internal static bool IsProfile(string? file) => file is not null && file.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The text of one, or null.</summary>
    /// <param name="name">Without the prefix.</param>
    internal static string? Read(string name)
    {
        using Stream? stream = typeof(BoardProfiles).Assembly.GetManifestResourceStream($"{Resources}{name}.toml");
        return stream is null ? null : new StreamReader(stream).ReadToEnd();
    }
}
