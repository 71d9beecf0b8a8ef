using System;
using InitRuntime.Formats;
using InitRuntime.Formats.Tpm;

namespace InitRuntime.TpmUnlock;

public sealed partial class Tpm
{
    /// <summary>TPM2_ReadPublic: a persistent object, or null when the handle is free.</summary>
    internal LoadedObject? TryReadPublic(uint handle)
    {
        Response response = TryExecute(CommandCode.ReadPublic, [new(handle)], Authorization.None, Parameters());
        if (response.Code.Number is ResponseCode.Handle or ResponseCode.OutOfRange)
        {
            return null;
        }

        if (!response.Code.IsSuccess)
        {
            throw Refused(CommandCode.ReadPublic, response.Code, $"handle 0x{handle:x8}");
        }

        var reader = new SpanReader(response.Parameters);
        PublicArea area = ReadArea(ref reader, CommandCode.ReadPublic);
        ReadOnlySpan<byte> name = reader.Sized(Wire.MaximumNameLength);
        return Loaded(handle, area, name, CommandCode.ReadPublic);
    }

    /// <summary>TPM2_CreatePrimary in the owner hierarchy: the same template always makes the same key, until the TPM is cleared.</summary>
    internal LoadedObject CreatePrimary(PublicArea template)
    {
        WireWriter parameters = Parameters();
        WriteEmptySensitive(ref parameters);
        template.WriteSized(ref parameters);
        parameters.Sized([]);
        parameters.U32(0);
        Response response = Execute(
            CommandCode.CreatePrimary, [new(Handles.Owner)], Authorization.EmptyPassword, parameters, makesHandle: true,
            what: $"{Algorithms.Name(template.Type)} primary key", makesKey: true);
        var reader = new SpanReader(response.Parameters);
        PublicArea area = ReadArea(ref reader, CommandCode.CreatePrimary);
        reader.Sized(Wire.MaximumLength);
        reader.Sized(Algorithms.MaximumDigestLength);
        reader.Skip(sizeof(ushort) + sizeof(uint));
        reader.Sized(Algorithms.MaximumDigestLength);
        ReadOnlySpan<byte> name = reader.Sized(Wire.MaximumNameLength);
        if (reader.Overrun)
        {
            throw Malformed(CommandCode.CreatePrimary);
        }

        return Loaded(response.Handle, area, name, CommandCode.CreatePrimary);
    }

    /// <summary>Whether the TPM can make a key of this template (TPM2_CreatePrimary would not be refused for its algorithm).</summary>
    internal LoadedObject? TryCreatePrimary(PublicArea template)
    {
        try
        {
            return CreatePrimary(template);
        }
        catch (TpmException e) when (e.Code.Number is 0x081 or 0x084 or 0x08a or 0x096 or 0x0a6)
        {
            return null;
        }
    }

    /// <summary>TPM2_Load under a parent with an empty authorization.</summary>
    internal LoadedObject Load(LoadedObject parent, ReadOnlySpan<byte> secretArea, PublicArea area)
    {
        NoteUse(parent.Public);
        WireWriter parameters = Parameters();
        parameters.Sized(secretArea);
        area.WriteSized(ref parameters);
        Response response = Execute(
            CommandCode.Load, [parent.Entity], Authorization.EmptyPassword, parameters, makesHandle: true, what: "sealed object");
        var reader = new SpanReader(response.Parameters);
        ReadOnlySpan<byte> name = reader.Sized(Wire.MaximumNameLength);
        return Loaded(response.Handle, area, name, CommandCode.Load);
    }

    /// <summary>TPM2_LoadExternal of a public key into the owner hierarchy.</summary>
    internal LoadedObject LoadExternal(PublicArea area)
    {
        WireWriter parameters = Parameters();
        parameters.Sized([]);
        area.WriteSized(ref parameters);
        parameters.U32(Handles.Owner);
        Response response = Execute(
            CommandCode.LoadExternal, [], Authorization.None, parameters, makesHandle: true, what: "PCR signing key");
        var reader = new SpanReader(response.Parameters);
        ReadOnlySpan<byte> name = reader.Sized(Wire.MaximumNameLength);
        return Loaded(response.Handle, area, name, CommandCode.LoadExternal);
    }

    /// <summary>TPM2_Import of an object that was sealed to the parent's public key; gives the private area to load.</summary>
    internal byte[] Import(LoadedObject parent, SealedBlob blob)
    {
        NoteUse(parent.Public);
        WireWriter parameters = Parameters();
        parameters.Sized([]);
        blob.Public.WriteSized(ref parameters);
        parameters.Sized(blob.Private);
        parameters.Sized(blob.Seed);
        parameters.Algorithm(AlgorithmId.Null);
        Response response = Execute(CommandCode.Import, [parent.Entity], Authorization.EmptyPassword, parameters, what: "sealed object");
        var reader = new SpanReader(response.Parameters);
        ReadOnlySpan<byte> secretArea = reader.Sized(Wire.MaximumAreaLength);
        return reader.Overrun ? throw Malformed(CommandCode.Import) : secretArea.ToArray();
    }

    /// <summary>TPM2_Create of a sealed data object; secret and authorization value go encrypted through the session.</summary>
    internal SealedBlob Create(
        LoadedObject parent, Session session, PublicArea template, ReadOnlySpan<byte> authValue,
        ReadOnlySpan<byte> secret)
    {
        try
        {
            WireWriter parameters = Parameters();
            int outer = parameters.BeginSized();
            parameters.Sized(authValue);
            parameters.Sized(secret);
            parameters.EndSized(outer);
            template.WriteSized(ref parameters);
            parameters.Sized([]);
            parameters.U32(0);
            session.Attributes = SessionAttributes.Decrypt;
            Response response = Execute(
                CommandCode.Create, [parent.Entity], Authorization.By(session), parameters, what: "sealed object", makesKey: true);
            var reader = new SpanReader(response.Parameters);
            ReadOnlySpan<byte> secretArea = reader.Sized(Wire.MaximumAreaLength);
            PublicArea area = ReadArea(ref reader, CommandCode.Create);
            return new SealedBlob(secretArea.ToArray(), area, []);
        }
        finally
        {
            WipeBuffers();
        }
    }

    /// <summary>
    /// TPM2_Unseal into <paramref name="secret"/>, the answer encrypted through the policy session; gives its length in bytes.
    /// </summary>
    internal ResponseCode TryUnseal(LoadedObject sealedObject, Session session, Span<byte> secret, out int length)
    {
        length = 0;
        NoteUse(sealedObject.Public);
        session.Attributes = SessionAttributes.Encrypt;
        return TryUnseal(sealedObject, Authorization.By(session), secret, out length);
    }

    /// <summary>TPM2_EvictControl: keeps a transient object under a persistent handle. False when the handle is taken.</summary>
    internal bool TryPersist(LoadedObject transient, uint handle)
    {
        WireWriter parameters = Parameters();
        parameters.U32(handle);
        Response response = TryExecute(
            CommandCode.EvictControl, [new(Handles.Owner), transient.Entity], Authorization.EmptyPassword, parameters);
        return response.Code.IsSuccess
            || (response.Code.Number == ResponseCode.NvDefined
                ? false
                : throw Refused(CommandCode.EvictControl, response.Code, $"handle 0x{handle:x8}"));
    }

    /// <summary>TPM2_NV_ReadPublic; null when there is no such index.</summary>
    internal NvIndex? TryReadNvPublic(uint index)
    {
        Response response = TryExecute(CommandCode.NvReadPublic, [new(index)], Authorization.None, Parameters());
        if (response.Code.Number is ResponseCode.Handle or ResponseCode.OutOfRange)
        {
            return null;
        }

        if (!response.Code.IsSuccess)
        {
            throw Refused(CommandCode.NvReadPublic, response.Code, $"NV index 0x{index:x8}");
        }

        var reader = new SpanReader(response.Parameters);
        ReadOnlySpan<byte> area = reader.Sized(NvPublic.MaximumLength);
        ReadOnlySpan<byte> name = reader.Sized(Wire.MaximumNameLength);
        if (reader.Overrun)
        {
            throw Malformed(CommandCode.NvReadPublic);
        }

        if (!NvPublic.TryParse(area, out NvPublic value, out ParseError error))
        {
            throw Malformed(CommandCode.NvReadPublic, error);
        }

        byte[] computed = EntityName.Of(value);
        return name.SequenceEqual(computed) && value.Index == index
            ? new NvIndex(value, computed)
            : throw Malformed(CommandCode.NvReadPublic, new($"the name of NV index 0x{index:x8} does not fit its public area"));
    }

    /// <summary>TPM2_NV_Read with the owner's empty password.</summary>
    internal byte[] ReadNv(NvIndex index)
    {
        WireWriter parameters = Parameters();
        parameters.U16(index.Public.DataLength);
        parameters.U16(0);
        Response response = Execute(
            CommandCode.NvRead, [new(Handles.Owner), new(index.Public.Index, index.Name)], Authorization.EmptyPassword, parameters,
            what: $"NV index 0x{index.Public.Index:x8}");
        var reader = new SpanReader(response.Parameters);
        ReadOnlySpan<byte> data = reader.Sized(index.Public.DataLength);
        return reader.Overrun || data.Length != index.Public.DataLength ? throw Malformed(CommandCode.NvRead) : data.ToArray();
    }

    private ResponseCode TryUnseal(LoadedObject sealedObject, Authorization authorization, Span<byte> secret, out int length)
    {
        length = 0;
        try
        {
            Response response = TryExecute(CommandCode.Unseal, [sealedObject.Entity], authorization, Parameters());
            if (!response.Code.IsSuccess)
            {
                return response.Code;
            }

            var reader = new SpanReader(response.Parameters);
            ReadOnlySpan<byte> data = reader.Sized(secret.Length);
            if (reader.Overrun)
            {
                throw Malformed(CommandCode.Unseal);
            }

            data.CopyTo(secret);
            length = data.Length;
            return response.Code;
        }
        finally
        {
            WipeBuffers();
        }
    }

    private void NoteUse(PublicArea area) => NeedsShutdown |= (area.Attributes & ObjectAttributes.NoDictionaryAttackProtection) == 0;

    private static void WriteEmptySensitive(ref WireWriter parameters)
    {
        int outer = parameters.BeginSized();
        parameters.Sized([]);
        parameters.Sized([]);
        parameters.EndSized(outer);
    }

    private static PublicArea ReadArea(ref SpanReader reader, CommandCode command)
    {
        ReadOnlySpan<byte> bytes = reader.Sized(Wire.MaximumAreaLength);
        return reader.Overrun ? throw Malformed(command)
            : PublicArea.TryParse(bytes, out PublicArea area, out ParseError error) ? area
            : throw Malformed(command, error);
    }

    private LoadedObject Loaded(uint handle, PublicArea area, ReadOnlySpan<byte> name, CommandCode command)
    {
        byte[] computed = EntityName.Of(area);
        var loaded = new LoadedObject(this, handle, area, computed);
        if (!name.SequenceEqual(computed))
        {
            loaded.Dispose();
            throw Malformed(command, new("the object's name does not fit its public area"));
        }

        return loaded;
    }
}
