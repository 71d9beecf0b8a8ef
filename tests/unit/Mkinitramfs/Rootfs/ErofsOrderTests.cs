using System;
using System.IO;
using System.Linq;
using InitRuntime.Mkinitramfs.Host;
using InitRuntime.Mkinitramfs.Rootfs;
using InitRuntime.Mkinitramfs.Update;
using InitRuntime.Unit.Harness;
using Xunit;

namespace InitRuntime.Unit.Mkinitramfs.Rootfs;

/// <summary>mkfs.erofs makes images, fsck.erofs reads what became of them: the same files, in another order.</summary>
public sealed class ErofsOrderTests : IDisposable
{
    /// <summary>Of the files: some that are kept beside their inode, some of many blocks.</summary>
    private const int Files = 300;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData]
    [InlineData("-E^inline_data")]
    [InlineData("-zlz4hc,level=12")]
    [InlineData("-zlz4", "-E^inline_data")]
    [InlineData("-zzstd,level=3", "-E^inline_data")]
    [InlineData("-zdeflate", "-C65536")]
    [InlineData("-zlz4", "-Elegacy-compress")]
    [InlineData("-zlz4", "-Eforce-inode-extended")]
    public void The_same_files_come_out_of_it(params string[] options)
    {
        MakeTree("tree", seed: 1);
        string before = Make("tree", "before.img", options);
        File.Copy(before, _directory["after.img"]);
        ErofsOrder.Apply(_directory["after.img"]);
        Assert.Equal(new FileInfo(before).Length, new FileInfo(_directory["after.img"]).Length);
        Assert.NotEqual(File.ReadAllBytes(before), File.ReadAllBytes(_directory["after.img"]));
        Tools.Run("fsck.erofs", "--preserve", "--extract=" + _directory["x"], _directory["after.img"]);
        const string List = "cd \"$0\" && find . -type f | sort | xargs sha256sum && find . ! -type d -printf '%P %y %m %U %G %s %n %l %T@\\n' | sort";
        Assert.Equal(Tools.Run("sh", "-c", List, _directory["tree"]), Tools.Run("sh", "-c", List, _directory["x"]));
        Assert.Contains("sb_csum", Tools.Run("dump.erofs", "-s", _directory["after.img"]), StringComparison.Ordinal);

        // Ordered once, it has its order.
        File.Copy(_directory["after.img"], _directory["again.img"]);
        ErofsOrder.Apply(_directory["again.img"]);
        Assert.Equal(File.ReadAllBytes(_directory["after.img"]), File.ReadAllBytes(_directory["again.img"]));
    }

    [Fact]
    public void A_file_that_grows_leaves_the_content_of_the_others_where_chunks_find_it()
    {
        MakeTree("old", seed: 2);
        MakeTree("new", seed: 2);
        File.AppendAllText(_directory["new/dir0/file0"], new string('x', 20_000));
        long Missing(bool ordered)
        {
            ChunkedFile[] chunks = [.. new[] { "old", "new" }.Select(name =>
            {
                string image = Make(name, $"{name}.img", ["-zlz4", "-E^inline_data"]);
                if (ordered)
                {
                    ErofsOrder.Apply(image);
                }

                return ChunkedFile.Cut(image, $"{image}.zck", Tools.Tree, new PlainLog(TextWriter.Null, showCommands: false));
            })];
            return chunks[1].MissingFrom(chunks[0]).Length;
        }

        long asMade = Missing(ordered: false);
        long ordered = Missing(ordered: true);
        Assert.True(ordered * 5 < asMade, $"{ordered} bytes are missing when ordered, {asMade} as mkfs.erofs orders it");
    }

    [Fact]
    public void What_is_not_known_is_refused()
    {
        MakeTree("tree", seed: 3);
        string image = Make("tree", "fragments.img", ["-zlz4", "-Eall-fragments"]);
        byte[] bytes = File.ReadAllBytes(image);
        Assert.Contains("features", Assert.Throws<BuildException>(() => ErofsOrder.Apply(image)).Message, StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(image));
        File.WriteAllBytes(_directory["empty"], []);
        Assert.Contains("no superblock", Assert.Throws<BuildException>(() => ErofsOrder.Apply(_directory["empty"])).Message, StringComparison.Ordinal);
    }

    private string Make(string tree, string image, string[] options)
    {
        Tools.Run("sh", "-c", "cd \"$0\" && find . -mindepth 1 | sort | tar -c --no-recursion --xattrs --xattrs-include='*' --mtime=@1700000000 -f \"$1\" -T -", _directory[tree], _directory["tar"]);
        Tools.Run("sh", "-c", "find \"$0\" -exec touch -h -d @1700000000 {} +", _directory[tree]);
        Tools.Run("mkfs.erofs", ["--quiet", "-T1700000000", "-U01234567-89ab-8def-8123-456789abcdef", .. options, "--tar=f", _directory[image], _directory["tar"]]);
        return _directory[image];
    }

    private void MakeTree(string name, int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < Files; i++)
        {
            string file = _directory[$"{name}/dir{i % 17}/file{i}"];
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            // Half of it can be compressed.
            byte[] bytes = new byte[i % 5 == 0 ? random.Next(4096) : random.Next(200_000)];
            random.NextBytes(bytes.AsSpan(bytes.Length / 2));
            File.WriteAllBytes(file, bytes);
        }

        File.CreateSymbolicLink(_directory[$"{name}/dir1/link"], "../dir2/file2");
        File.CreateSymbolicLink(_directory[$"{name}/long"], new string('l', 3000));
        Tools.Run(
            "sh", "-c", "cd \"$0\" && ln dir3/file3 dir4/hard && mkfifo dir5/pipe && mknod dir5/device c 5 1 && mkdir empty && seq 400 | sed 's/.*/&-a-long-name-in-a-directory-of-several-blocks/' | (cd dir6 && xargs touch)",
            _directory[name]);
    }
}
