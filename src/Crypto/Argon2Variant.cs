namespace InitRuntime.Crypto;

/// <summary>How Argon2 chooses the blocks it mixes; the value is the type number y of RFC 9106, 3.1.</summary>
public enum Argon2Variant
{
    /// <summary>By a counter only: what is read does not depend on the password.</summary>
    Argon2i = 1,

    /// <summary>Half a pass by counter, then by what was computed: LUKS2's default.</summary>
    Argon2id = 2,
}
