using InitRuntime.Qemu.Harness;
using Xunit;

// A machine without KVM keeps one processor busy; a third one would only make the first two slower.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
[assembly: TestCollectionOrderer(LongestFirst.Name, LongestFirst.Assembly)]
