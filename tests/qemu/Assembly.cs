using Xunit;

// A machine without KVM keeps one processor busy; a third one would only make the first two slower.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
