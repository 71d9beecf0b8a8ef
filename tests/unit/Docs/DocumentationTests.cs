using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using InitRuntime.Mkinitramfs.Manifest;
using InitRuntime.Unit.Mkinitramfs;
using InitRuntime.Unit.Mkinitramfs.Manifest;
using Xunit;

namespace InitRuntime.Unit.Docs;

/// <summary>What the documentation tells people to type exists: commands, keys, links.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string[] _pages =
    [
        .. Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md"), Path.Combine(Repository.Root, "README.md"),
        .. Directory.GetFiles(Path.Combine(Repository.Root, "examples"), "*.md", SearchOption.AllDirectories),
        .. Directory.GetFiles(Path.Combine(Repository.Root, "tools/mkinitramfs/Skeleton"), "*.md", SearchOption.AllDirectories),
    ];

    public static TheoryData<string> Pages => [.. _pages.Select(page => Path.GetRelativePath(Repository.Root, page))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Its_commands_are_understood(string page)
    {
        foreach (Match command in CommandLine().Matches(File.ReadAllText(Path.Combine(Repository.Root, page))))
        {
            string[] words = command.Groups["words"].Value.Split('#')[0].Split(new[] { ';', '>', '&', '|' })[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Any(word => word is ".." or "..." || word.StartsWith('[')))
            {
                continue;
            }

            RootCommand root = command.Groups["program"].Value == "initruntime" ? InitRuntime.Mkinitramfs.Cli.CommandLine.Make() : InitRuntime.Control.Cli.CommandLine.Make();
            Assert.True(root.Parse(words).Errors.Count == 0, $"{page}: {command.Value}: {string.Join("; ", root.Parse(words).Errors)}");
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Its_pieces_of_manifests_have_known_keys_and_good_forms(string page)
    {
        foreach (Match block in TomlBlock().Matches(File.ReadAllText(Path.Combine(Repository.Root, page))))
        {
            using var file = new ManifestFile(block.Groups["toml"].Value);
            // What a piece leaves out, or names of files that are not here, are no mistakes of the page.
            IEnumerable<string> errors = file.Read().Errors.Select(error => $"{error}")
                .Where(error => ForeignMistake().Match(error) is { Success: false });
            Assert.True(!errors.Any(), $"{page}: {string.Join('\n', errors)}\n{block.Value}");
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void The_keys_it_names_exist(string page)
    {
        foreach (Match name in KeyName().Matches(File.ReadAllText(Path.Combine(Repository.Root, page))))
        {
            // Not image.toml, update.swu and the like.
            if (name.Groups["key"].Value is not ("toml" or "swu" or "img" or "json" or "efi" or "crt" or "key" or "aes") && ManifestSections.Find(name.Groups["section"].Value) is { } section)
            {
                Assert.True(section.Keys.Any(key => key.Name == name.Groups["key"].Value), $"{page}: {name.Value} is no key");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Its_links_lead_somewhere(string page)
    {
        string directory = Path.GetDirectoryName(Path.Combine(Repository.Root, page))!;
        foreach (Match link in Link().Matches(File.ReadAllText(Path.Combine(Repository.Root, page))))
        {
            string target = link.Groups["target"].Value;
            if (target.Contains("://", StringComparison.Ordinal))
            {
                continue;
            }

            string[] parts = target.Split('#');
            string path = parts[0].Length == 0 ? Path.Combine(Repository.Root, page) : Path.GetFullPath(Path.Combine(directory, parts[0]));
            Assert.True(Path.Exists(path), $"{page}: {target}");
            if (parts.Length > 1)
            {
                Assert.True(Headings(path).Contains(parts[1]), $"{page}: {target}");
            }
        }
    }

    [Theory]
    [InlineData("initruntime")]
    [InlineData("initruntime-ctl")]
    public void The_manual_page_has_every_command_and_option(string program)
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, $"docs/man/{program}.1"));
        RootCommand root = program == "initruntime" ? InitRuntime.Mkinitramfs.Cli.CommandLine.Make() : InitRuntime.Control.Cli.CommandLine.Make();
        foreach (Command verb in root.Subcommands)
        {
            Assert.True(Regex.IsMatch(page, $@"^\.B[IR]? ""?{Regex.Escape(verb.Name)}\b|^\.BI {Regex.Escape(verb.Name)}", RegexOptions.Multiline), $"{program} {verb.Name}");
            foreach (Option option in verb.Options.Where(option => option.Name is not "--help"))
            {
                Assert.True(page.Contains(option.Name, StringComparison.Ordinal), $"{program} {verb.Name} {option.Name}");
            }
        }
    }

    /// <summary>Anchors as forges make them of headings.</summary>
    private static HashSet<string> Headings(string path) => [.. Heading().Matches(File.ReadAllText(path))
        .Select(match => NoAnchor().Replace(match.Groups["text"].Value.ToLowerInvariant(), "").Replace(' ', '-'))];

    [GeneratedRegex(@"^(    |\$ |# )?(\./)?(?<program>initruntime(-ctl)?) (?<words>[a-z][^\r\n`]*)$", RegexOptions.Multiline)]
    private static partial Regex CommandLine();

    [GeneratedRegex(@"^```toml\n(?<toml>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex TomlBlock();

    [GeneratedRegex(@"`(?<section>[a-z-]+)\.(?<key>[a-z0-9-]+)`")]
    private static partial Regex KeyName();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<text>.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^a-z0-9 _-]")]
    private static partial Regex NoAnchor();

    [GeneratedRegex(@": missing|does not exist|update\.crt|update\.key|is not in .*keys|there is no volume|wants a volume|no hook|no volume is called")]
    private static partial Regex ForeignMistake();
}
