namespace InitRuntime.Formats;

/// <summary>Why bytes from outside were refused; the default value means "no error".</summary>
/// <param name="Message">One clause in plain English, without a final stop. Never a secret.</param>
public readonly record struct ParseError(string Message)
{
    /// <summary>Whether this is an error at all.</summary>
    public bool IsError => Message is not null;

    /// <inheritdoc/>
    public override string ToString() => Message ?? "no error";
}
