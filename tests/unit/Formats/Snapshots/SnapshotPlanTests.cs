using System;
using System.Collections.Generic;
using System.Linq;
using InitRuntime.Formats;
using InitRuntime.Formats.Snapshots;
using Xunit;

namespace InitRuntime.Unit.Formats.Snapshots;

public sealed class SnapshotPlanTests
{
    private static readonly Guid _a = Guid.Parse("aaaaaaaa-1111-2222-3333-444444444444");
    private static readonly Guid _b = Guid.Parse("bbbbbbbb-1111-2222-3333-444444444444");
    private static readonly Guid _c = Guid.Parse("cccccccc-1111-2222-3333-444444444444");
    private static readonly SnapshotLayout _layout = new(64 << 20, 16 << 20);
    private static readonly SnapshotRecord _settled = SnapshotRecord.First(_a, _layout, 4096).Again();
    private static readonly SnapshotRecord _trial = _settled.Begin(_b, _layout, 4096).Again();
    private static readonly SnapshotRecord _merging = _trial.Merge().Again();

    private static readonly bool?[] _trials = [true, false, null];

    private static readonly Dictionary<string, SnapshotRecord?> _records = new()
    {
        ["none"] = null,
        ["settled"] = _settled,
        ["trial"] = _trial,
        ["merging"] = _merging,
    };

    [Theory]
    [InlineData("none", SnapshotStep.Settle)]
    [InlineData("settled", SnapshotStep.Mount)]
    [InlineData("trial", SnapshotStep.Drop)]
    [InlineData("merging", SnapshotStep.Merge)]
    public void The_owner_boots(string record, SnapshotStep expected) => AssertNext(expected, _records[record], _a, _trials, [_a, _b]);

    [Theory]
    [InlineData("none", SnapshotStep.Settle)]
    [InlineData("settled", SnapshotStep.Begin)]
    [InlineData("merging", SnapshotStep.Merge)]
    public void The_other_image_boots(string record, SnapshotStep expected) => AssertNext(expected, _records[record], _b, _trials, [_a, _b]);

    [Fact]
    public void The_image_on_trial_goes_on_until_it_has_proved_itself()
    {
        AssertNext(SnapshotStep.Continue, _trial, _b, [true, null], [_a, _b]);
        AssertNext(SnapshotStep.Merge, _trial, _b, [false], [_a, _b]);
    }

    [Fact]
    public void Under_a_third_image_the_trial_is_merged_if_its_image_is_installed_and_else_dropped()
    {
        AssertNext(SnapshotStep.Merge, _trial, _c, _trials, [_b, _c]);
        AssertNext(SnapshotStep.Merge, _trial, _c, _trials, [_b, _c], everySlotRead: false);
        AssertNext(SnapshotStep.Drop, _trial, _c, _trials, [_a, _c]);
        AssertNext(SnapshotStep.Drop, _trial, _c, _trials, [_c]);
    }

    [Fact]
    public void What_hangs_on_a_slot_that_could_not_be_read_is_not_guessed()
    {
        Assert.False(SnapshotPlan.TryNext(_trial, new(_c, true, [_c], EverySlotRead: false), out _, out ParseError error));
        Assert.Equal($"whether the data of image {_b} go on cannot be told: a root slot could not be read", error.Message);

        // All else is told without it.
        AssertNext(SnapshotStep.Continue, _trial, _b, [true], [_b], everySlotRead: false);
        AssertNext(SnapshotStep.Drop, _trial, _a, _trials, [_a], everySlotRead: false);
        AssertNext(SnapshotStep.Begin, _settled, _b, _trials, [_b], everySlotRead: false);
    }

    [Fact]
    public void A_third_image_takes_over_in_two_steps()
    {
        SnapshotRecord merged = _trial.Merge().Settle(_b);
        AssertNext(SnapshotStep.Begin, merged, _c, _trials, [_b, _c]);
        SnapshotRecord dropped = _trial.Settle(_a);
        AssertNext(SnapshotStep.Begin, dropped, _c, _trials, [_c]);
        Assert.Equal(_a, dropped.Begin(_c, _layout, 4096).Owner);
    }

    /// <summary>
    /// Every state, whatever boots: cut before and within each write, the next boots come to the same record and the
    /// same data as without a cut.
    /// </summary>
    [Fact]
    public void A_cut_at_any_moment_leads_to_the_same_end()
    {
        int cuts = 0;
        foreach (SnapshotRecord? record in _records.Values)
        {
            foreach (Guid image in (Guid[])[_a, _b, _c])
            {
                foreach (bool? onTrial in _trials)
                {
                    foreach (Guid[] slots in (Guid[][])[[_a, _b], [_b, _c], [_a, _c], [_c]])
                    {
                        var boot = new BootingImage(image, onTrial, slots, EverySlotRead: true);
                        var whole = new Volume(record);
                        whole.BootUntilNothingChanges(boot);
                        for (int cut = 0; ; cut++)
                        {
                            var volume = new Volume(record);
                            if (!volume.BootAndCut(boot, cut))
                            {
                                break;
                            }

                            volume.BootUntilNothingChanges(boot);
                            Assert.Equal((whole.Record! with { Sequence = 0 }, whole.Seen(boot)), (volume.Record! with { Sequence = 0 }, volume.Seen(boot)));
                            cuts++;
                        }
                    }
                }
            }
        }

        Assert.True(cuts > 500, $"only {cuts} cuts were tried");
    }

    /// <summary>The other image may boot after a cut: the owner's data are whole unless they were given up for the trial's.</summary>
    [Fact]
    public void A_cut_never_mixes_the_data_of_two_images()
    {
        foreach (SnapshotRecord? record in _records.Values)
        {
            foreach (Guid image in (Guid[])[_a, _b, _c])
            {
                foreach (bool? onTrial in _trials)
                {
                    for (int cut = 0; ; cut++)
                    {
                        var volume = new Volume(record);
                        bool isCut = volume.BootAndCut(new(image, onTrial, [_b, _c], EverySlotRead: true), cut);
                        foreach (Guid next in (Guid[])[_a, _b, _c])
                        {
                            Volume then = volume.Copy();
                            var boot = new BootingImage(next, true, [_b, _c], EverySlotRead: true);
                            then.BootUntilNothingChanges(boot);
                            Assert.Contains(then.Seen(boot), (string[])["a", "a+b"]);
                        }

                        if (!isCut)
                        {
                            break;
                        }
                    }
                }
            }
        }
    }

    private static void AssertNext(SnapshotStep expected, SnapshotRecord? record, Guid image, bool?[] trials, Guid[] slots, bool everySlotRead = true)
    {
        foreach (bool? onTrial in trials)
        {
            Assert.True(SnapshotPlan.TryNext(record, new(image, onTrial, slots, everySlotRead), out SnapshotStep step, out ParseError error), error.Message);
            Assert.Equal(expected, step);
        }
    }

    /// <summary>A volume as the disk has it: the record's slots, and whose data are in the volume and in the area.</summary>
    private sealed class Volume
    {
        private SnapshotRecord?[] _slots = [null, null];
        private string _data = "a";
        private string _area = "old";
        private int _left = int.MaxValue;

        internal Volume(SnapshotRecord? record)
        {
            if (record is null)
            {
                return;
            }

            _slots[record.Slot] = record;
            _area = record.State == SnapshotState.Settled ? "old" : "+b";
            _data = record.State == SnapshotState.Merging ? "half" : "a";
        }

        internal SnapshotRecord? Record => _slots.MaxBy(slot => slot?.Sequence ?? 0);

        internal Volume Copy() => new(null) { _slots = [.. _slots], _data = _data, _area = _area };

        /// <summary>What the image finds in the device that it mounts.</summary>
        internal string Seen(BootingImage boot)
        {
            Assert.True(SnapshotPlan.TryNext(Record, boot, out SnapshotStep step, out _));
            return step switch
            {
                SnapshotStep.Mount => _data,
                SnapshotStep.Continue => _data + _area,
                _ => throw new InvalidOperationException($"{step} is still to be done"),
            };
        }

        /// <summary>Cuts the power before the write of this number; false if there are not so many.</summary>
        internal bool BootAndCut(BootingImage boot, int writes)
        {
            _left = writes;
            try
            {
                Boot(boot);
                return false;
            }
            catch (PowerCutException)
            {
                return true;
            }
            finally
            {
                _left = int.MaxValue;
            }
        }

        internal void BootUntilNothingChanges(BootingImage boot)
        {
            for (int i = 0; i < 5; i++)
            {
                Boot(boot);
            }

            SnapshotRecord? before = Record;
            Boot(boot);
            Assert.Equal(before, Record);
        }

        /// <summary>As SnapshotVolume does it.</summary>
        private void Boot(BootingImage boot)
        {
            while (true)
            {
                Assert.True(SnapshotPlan.TryNext(Record, boot, out SnapshotStep step, out ParseError error), error.Message);
                switch (step)
                {
                    case SnapshotStep.Settle:
                        Write(SnapshotRecord.First(boot.Uuid, _layout, 4096));
                        break;
                    case SnapshotStep.Drop:
                        Write(Record!.Settle(Record.Owner));
                        break;
                    case SnapshotStep.Merge:
                        if (Record!.State != SnapshotState.Merging)
                        {
                            Write(Record.Merge());
                        }

                        // The area keeps all of it until all of it is in the volume; what is copied twice is the same.
                        string both = _data == "half" ? "a" + _area : _data.EndsWith(_area, StringComparison.Ordinal) ? _data : _data + _area;
                        Do(() => _data = "half");
                        Do(() => _data = both);
                        Do(() => _area = "");
                        Write(Record.Settle(Record.Trial!.Value));
                        break;
                    case SnapshotStep.Begin:
                        Do(() => _area = "");
                        Write(Record!.Begin(boot.Uuid, _layout, 4096));
                        return;
                    default:
                        return;
                }
            }
        }

        private void Write(SnapshotRecord record)
        {
            foreach (SnapshotRecord copy in (SnapshotRecord[])[record, record.Again()])
            {
                // A slot that is half written is none, as the tests of the record show.
                Do(() => _slots[copy.Slot] = null);
                Do(() => _slots[copy.Slot] = copy);
            }
        }

        private void Do(Action write)
        {
            if (_left-- == 0)
            {
                throw new PowerCutException();
            }

            write();
        }
    }

    private sealed class PowerCutException : Exception;
}
