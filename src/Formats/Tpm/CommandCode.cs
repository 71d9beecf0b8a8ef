namespace InitRuntime.Formats.Tpm;

/// <summary>TPM_CC: the commands used here (TPM 2.0 Library part 2, table "TPM_CC constants").</summary>
public enum CommandCode : uint
{
    /// <summary>No command; never on the wire.</summary>
    None = 0,

    /// <summary>TPM2_EvictControl.</summary>
    EvictControl = 0x120,

    /// <summary>TPM2_CreatePrimary.</summary>
    CreatePrimary = 0x131,

    /// <summary>TPM2_Startup.</summary>
    Startup = 0x144,

    /// <summary>TPM2_Shutdown.</summary>
    Shutdown = 0x145,

    /// <summary>TPM2_NV_Read.</summary>
    NvRead = 0x14e,

    /// <summary>TPM2_Create.</summary>
    Create = 0x153,

    /// <summary>TPM2_Import.</summary>
    Import = 0x156,

    /// <summary>TPM2_Load.</summary>
    Load = 0x157,

    /// <summary>TPM2_Unseal.</summary>
    Unseal = 0x15e,

    /// <summary>TPM2_FlushContext.</summary>
    FlushContext = 0x165,

    /// <summary>TPM2_LoadExternal.</summary>
    LoadExternal = 0x167,

    /// <summary>TPM2_NV_ReadPublic.</summary>
    NvReadPublic = 0x169,

    /// <summary>TPM2_PolicyAuthorize.</summary>
    PolicyAuthorize = 0x16a,

    /// <summary>TPM2_PolicyAuthValue.</summary>
    PolicyAuthValue = 0x16b,

    /// <summary>TPM2_PolicyOR.</summary>
    PolicyOr = 0x171,

    /// <summary>TPM2_ReadPublic.</summary>
    ReadPublic = 0x173,

    /// <summary>TPM2_StartAuthSession.</summary>
    StartAuthSession = 0x176,

    /// <summary>TPM2_VerifySignature.</summary>
    VerifySignature = 0x177,

    /// <summary>TPM2_GetCapability.</summary>
    GetCapability = 0x17a,

    /// <summary>TPM2_GetRandom.</summary>
    GetRandom = 0x17b,

    /// <summary>TPM2_PCR_Read.</summary>
    PcrRead = 0x17e,

    /// <summary>TPM2_PolicyPCR.</summary>
    PolicyPcr = 0x17f,

    /// <summary>TPM2_PCR_Extend.</summary>
    PcrExtend = 0x182,

    /// <summary>TPM2_PolicyGetDigest.</summary>
    PolicyGetDigest = 0x189,

    /// <summary>TPM2_PolicyAuthorizeNV.</summary>
    PolicyAuthorizeNv = 0x192,
}

/// <summary>Names of <see cref="CommandCode"/>.</summary>
public static class CommandCodes
{
    /// <summary>The name in the TPM 2.0 Library, for example <c>TPM2_Unseal</c>.</summary>
    public static string Name(CommandCode code) => code switch
    {
        CommandCode.EvictControl => "TPM2_EvictControl",
        CommandCode.CreatePrimary => "TPM2_CreatePrimary",
        CommandCode.Startup => "TPM2_Startup",
        CommandCode.Shutdown => "TPM2_Shutdown",
        CommandCode.NvRead => "TPM2_NV_Read",
        CommandCode.Create => "TPM2_Create",
        CommandCode.Import => "TPM2_Import",
        CommandCode.Load => "TPM2_Load",
        CommandCode.Unseal => "TPM2_Unseal",
        CommandCode.FlushContext => "TPM2_FlushContext",
        CommandCode.LoadExternal => "TPM2_LoadExternal",
        CommandCode.NvReadPublic => "TPM2_NV_ReadPublic",
        CommandCode.PolicyAuthorize => "TPM2_PolicyAuthorize",
        CommandCode.PolicyAuthValue => "TPM2_PolicyAuthValue",
        CommandCode.PolicyOr => "TPM2_PolicyOR",
        CommandCode.ReadPublic => "TPM2_ReadPublic",
        CommandCode.StartAuthSession => "TPM2_StartAuthSession",
        CommandCode.VerifySignature => "TPM2_VerifySignature",
        CommandCode.GetCapability => "TPM2_GetCapability",
        CommandCode.GetRandom => "TPM2_GetRandom",
        CommandCode.PcrRead => "TPM2_PCR_Read",
        CommandCode.PolicyPcr => "TPM2_PolicyPCR",
        CommandCode.PcrExtend => "TPM2_PCR_Extend",
        CommandCode.PolicyGetDigest => "TPM2_PolicyGetDigest",
        CommandCode.PolicyAuthorizeNv => "TPM2_PolicyAuthorizeNV",
        _ => $"TPM command 0x{(uint)code:x}",
    };
}
