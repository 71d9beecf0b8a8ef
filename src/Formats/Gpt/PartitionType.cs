using System;

namespace InitRuntime.Formats.Gpt;

/// <summary>Partition types. Source: the Discoverable Partitions Specification (UAPI.2), and UEFI 2.10 section 5.3.3.</summary>
public static class PartitionType
{
    /// <summary>EFI system partition.</summary>
    public static readonly Guid EfiSystem = new("c12a7328-f81f-11d2-ba4b-00a0c93ec93b");

    /// <summary>Extended boot loader partition.</summary>
    public static readonly Guid ExtendedBootLoader = new("bc13c2ff-59e6-4262-a352-b275fd6f7172");

    /// <summary>Microsoft basic data: the partitions with BGENV.DAT, as isar-cip-core has them.</summary>
    public static readonly Guid BasicData = new("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7");

    /// <summary>Any Linux file system or encrypted volume.</summary>
    public static readonly Guid LinuxGeneric = new("0fc63daf-8483-4772-8e79-3d69d8477de4");

    /// <summary>/var. systemd mounts it by itself only when its own GUID comes from the machine id.</summary>
    public static readonly Guid Var = new("4d21b016-b534-45c2-a9fb-5c16e091fd2d");

    /// <summary>/home.</summary>
    public static readonly Guid Home = new("933ac7e1-2eb4-4f13-b844-0e14e2aef915");

    /// <summary>/var/tmp.</summary>
    public static readonly Guid VarTmp = new("7ec6f557-3bc5-4aca-b293-16ef5df639d1");

    /// <summary>Swap.</summary>
    public static readonly Guid Swap = new("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f");

    /// <summary>Root file system, x86-64.</summary>
    public static readonly Guid RootX64 = new("4f68bce3-e8cd-4db1-96e7-fbcaf984b709");

    /// <summary>Verity tree of a root file system, x86-64.</summary>
    public static readonly Guid RootVerityX64 = new("2c7357ed-ebd2-46d9-aec1-23d437ec2bf5");

    /// <summary>Signature of a root hash, x86-64.</summary>
    public static readonly Guid RootVeritySignatureX64 = new("41092b05-9fc8-4523-994f-2def0408b176");

    /// <summary>Root file system, arm64.</summary>
    public static readonly Guid RootArm64 = new("b921b045-1df0-41c3-af44-4c6f280d3fae");

    /// <summary>Verity tree of a root file system, arm64.</summary>
    public static readonly Guid RootVerityArm64 = new("df3300ce-d69f-4c92-978c-9bfb0f38d820");

    /// <summary>Signature of a root hash, arm64.</summary>
    public static readonly Guid RootVeritySignatureArm64 = new("6db69de6-29f4-4758-a7a5-962190f00ce3");

    /// <summary>Root file system, 32-bit Arm.</summary>
    public static readonly Guid RootArm = new("69dad710-2ce4-4e3c-b16c-21a1d49abed3");

    /// <summary>Verity tree of a root file system, 32-bit Arm.</summary>
    public static readonly Guid RootVerityArm = new("7386cdf2-203c-47a9-a498-f2ecce45a2d6");

    /// <summary>Signature of a root hash, 32-bit Arm.</summary>
    public static readonly Guid RootVeritySignatureArm = new("42b0455f-eb11-491d-98d3-56145ba9d037");

    /// <summary>Root file system, 64-bit RISC-V.</summary>
    public static readonly Guid RootRiscV64 = new("72ec70a6-cf74-40e6-bd49-4bda08e8f224");

    /// <summary>Verity tree of a root file system, 64-bit RISC-V.</summary>
    public static readonly Guid RootVerityRiscV64 = new("b6ed5582-440b-4209-b8da-5ff7c419ea3d");

    /// <summary>Signature of a root hash, 64-bit RISC-V.</summary>
    public static readonly Guid RootVeritySignatureRiscV64 = new("efe0f087-ea8d-4469-821a-4c2a96a8386a");
}
