namespace InitRuntime.Formats.Luks2;

/// <summary>What a token says to all readers; its own members are read by the type's parser. Source: LUKS2 specification, 3.5.</summary>
/// <param name="Number">Its number, 0 to 31.</param>
/// <param name="Kind">The <c>type</c> member: <see cref="SystemdTpm2Token.Kind"/>, <see cref="ClevisToken.Kind"/> or another. Text from the disk.</param>
/// <param name="Keyslots">Numbers of the keyslots that its key opens.</param>
/// <param name="Json">The whole object in UTF-8, not yet checked further.</param>
public sealed record Luks2Token(int Number, string Kind, int[] Keyslots, byte[] Json)
{
    /// <summary>How many tokens a header may have.</summary>
    internal const int Maximum = 32;
}
