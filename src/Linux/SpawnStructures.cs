using System.Runtime.CompilerServices;

namespace InitRuntime.Linux;

/// <summary>posix_spawn_file_actions_t, whose inside is glibc's. Source: spawn.h.</summary>
[InlineArray(10)]
internal struct SpawnFileActions
{
    private ulong _first;
}

/// <summary>posix_spawnattr_t, whose inside is glibc's. Source: spawn.h.</summary>
[InlineArray(42)]
internal struct SpawnAttributes
{
    private ulong _first;
}
