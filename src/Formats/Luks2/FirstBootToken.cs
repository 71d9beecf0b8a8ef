using System;
using System.Text;

namespace InitRuntime.Formats.Luks2;

/// <summary>How far the making of a volume came.</summary>
public enum FirstBootState
{
    /// <summary>It was formatted, and its content is not complete: it counts for nothing, and may be formatted again.</summary>
    New,

    /// <summary>The header of an encryption in place was staged completely: the content counts, but more is to be done.</summary>
    Staged,
}

/// <summary>
/// Our own token: it stands in a volume's header until the volume's first boot is finished, and says what a boot that finds it
/// must still do. It has no key.
/// </summary>
/// <param name="Number">The token's number.</param>
/// <param name="State">How far the making came.</param>
public sealed record FirstBootToken(int Number, FirstBootState State)
{
    /// <summary>The token's type.</summary>
    public const string Kind = "initruntime";

    /// <summary>The one token of this type, or null when there is none: the volume's first boot is finished.</summary>
    /// <param name="metadata">The header's JSON.</param>
    /// <param name="value">What was found.</param>
    /// <param name="error">A state that is not known, or more than one token: then nobody knows what the volume is.</param>
    public static bool TryFind(Luks2Metadata metadata, out FirstBootToken? value, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        value = null;
        error = default;
        foreach (Luks2Token token in metadata.Tokens)
        {
            if (token.Kind != Kind)
            {
                continue;
            }

            if (value is not null)
            {
                error = new($"tokens {value.Number} and {token.Number} are both of type {Kind}");
            }
            else
            {
                JsonFields.TryRead(
                    token.Json, $"token {token.Number}", root => new FirstBootToken(token.Number, ReadState(root)), out value, out error);
            }

            if (error.IsError)
            {
                value = null;
                return false;
            }
        }

        return true;
    }

    /// <summary>The token's JSON for a state.</summary>
    public static byte[] Write(FirstBootState state) => Encoding.ASCII.GetBytes(
        $$"""{"type":"{{Kind}}","keyslots":[],"state":"{{Word(state)}}"}""");

    private static FirstBootState ReadState(JsonFields root)
    {
        string word = root.Text("state");
        foreach (FirstBootState state in (ReadOnlySpan<FirstBootState>)[FirstBootState.New, FirstBootState.Staged])
        {
            if (word == Word(state))
            {
                return state;
            }
        }

        root.FailAt("state", $"\"{Escaped.Text(word)}\" is not known (new, staged)");
        return default;
    }

    private static string Word(FirstBootState state) => state == FirstBootState.New ? "new" : "staged";
}
