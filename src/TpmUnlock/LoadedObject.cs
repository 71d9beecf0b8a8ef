using System;
using InitRuntime.Formats.Tpm;

namespace InitRuntime.TpmUnlock;

/// <summary>An object in the TPM: a persistent key, or a transient one that Dispose drops.</summary>
internal sealed class LoadedObject(Tpm tpm, uint handle, PublicArea area, byte[] name) : IDisposable
{
    private const byte TransientType = 0x80;
    private bool _gone;

    /// <summary>Its public area.</summary>
    internal PublicArea Public { get; } = area;

    /// <summary>Its Name, computed here from the public area and not taken from the TPM.</summary>
    internal byte[] Name { get; } = name;

    /// <summary>Its handle.</summary>
    internal uint Handle { get; } = handle;

    /// <summary>What commands are given.</summary>
    internal Tpm.Entity Entity => new(Handle, Name);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_gone && Handles.Type(Handle) == TransientType)
        {
            _gone = true;
            tpm.Forget(Handle);
        }
    }
}

/// <summary>An NV index whose public area was read.</summary>
/// <param name="Public">The public area.</param>
/// <param name="Name">Its Name, computed here.</param>
internal sealed record NvIndex(NvPublic Public, byte[] Name);
