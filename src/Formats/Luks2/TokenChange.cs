namespace InitRuntime.Formats.Luks2;

/// <summary>A change of one token of a header. Several are made together: a power cut leaves all of them or none.</summary>
/// <param name="Number">The token's number, 0 to 31.</param>
/// <param name="Json">Its JSON object in UTF-8; null to take the token away.</param>
public readonly record struct TokenChange(int Number, byte[]? Json)
{
    /// <summary>Adds a token, or replaces the one of this number.</summary>
    public static TokenChange Put(int number, byte[] json) => new(number, json);

    /// <summary>Takes a token away; one that is not there is fine.</summary>
    public static TokenChange Remove(int number) => new(number, null);
}
