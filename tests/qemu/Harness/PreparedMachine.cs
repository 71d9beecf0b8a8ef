using System.Threading.Tasks;
using Xunit;
using Xunit.Abstractions;

namespace InitRuntime.Qemu.Harness;

/// <summary>A machine whose first boot is done, switched off: many tests begin there, each with a copy.</summary>
public sealed class PreparedMachine : IAsyncLifetime
{
    private DiskImage? _disk;

    /// <summary>The machine; it must not be started.</summary>
    internal DiskImage Disk => _disk!;

    public async Task InitializeAsync()
    {
        _disk = DiskImage.Of(VolumeImages.Formatted, test: nameof(PreparedMachine));
        await using Machine machine = await Machine.StartAsync(_disk, new Silence());
        await machine.ReportAsync();
        await machine.EndAsync();
    }

    public Task DisposeAsync()
    {
        _disk?.Dispose();
        return Task.CompletedTask;
    }

    private sealed class Silence : ITestOutputHelper
    {
        public void WriteLine(string message)
        {
            // Its console's log is kept in a file.
        }

        public void WriteLine(string format, params object[] args)
        {
        }
    }
}
