using InitRuntime.Hooks;

namespace Hooks;

/// <summary>A step of yours in the boot, compiled into /init. docs/hooks.md tells what it may rely on.</summary>
public sealed class Hello : IBootHook
{
    public void Run(HookContext context) => context.Log($"hello from image {context.ImageVersion} in {context.Slot}");
}
