using System;
using InitRuntime.Formats.BootConfig;
using InitRuntime.Formats.BootGuard;
using InitRuntime.Formats.Luks2;

namespace InitRuntime.Formats.FactoryReset;

/// <summary>
/// A request in a user variable of EFI Boot Guard, for devices whose applications know <c>bg_setenv</c>: <c>all</c>, <c>overlays</c>, or
/// names of volumes with spaces or commas between them. Each of the two words stands alone.
/// </summary>
public static class LoaderResetRequest
{
    private const string AllWord = "all";
    private const string OverlaysWord = "overlays";

    /// <summary>Reads a variable.</summary>
    /// <param name="variable">The variable.</param>
    /// <param name="source">Where it is, for messages.</param>
    /// <param name="value">What it asks for; null where it is empty, or its request was taken back: <see cref="BootGuardWithdrawal"/>.</param>
    /// <param name="error">Why it cannot be understood; then nothing is asked for.</param>
    public static bool TryParse(BootGuardVariable variable, string source, out ResetRequest? value, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(variable);
        value = null;
        error = default;
        if (BootGuardWithdrawal.IsWithdrawn(variable))
        {
            return true;
        }

        if (variable.Text is not { } text)
        {
            error = new($"of type {variable.Type}, wanted text");
            return false;
        }

        string[] words = text.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
        error = words.Length > ResetRequest.MostNames ? new($"more than {ResetRequest.MostNames} names") : CheckWords(words);
        if (!error.IsError && words.Length > 0)
        {
            value = words[0] switch
            {
                AllWord => new() { AllVolumes = true, Source = source },
                OverlaysWord => new() { AllOverlays = true, Source = source },
                _ => new() { Volumes = words, Source = source },
            };
        }

        return !error.IsError;
    }

    private static ParseError CheckWords(string[] words)
    {
        foreach (string word in words)
        {
            if (words.Length > 1 && word is (AllWord or OverlaysWord))
            {
                return new($"\"{word}\" among other names");
            }

            if (!VolumeRules.IsName(word))
            {
                return new($"\"{Escaped.Text(word)}\" is no name of a volume");
            }
        }

        return default;
    }
}
