using System;
using System.Text;

namespace InitRuntime.Formats.BootConfig;

/// <summary>
/// Where the build moves what lies at a volume's mount point and yet belongs to the image, and the symbolic link that stands in its
/// place, in the root as on the volume.
/// </summary>
public static class ImagePath
{
    /// <summary>The directory of the root that holds what was moved, each at its old path.</summary>
    public const string Directory = "/usr/lib/initruntime/image";

    /// <summary>Where it is now: an absolute path in the root.</summary>
    public static string PlaceOf(string path) => Directory + path;

    /// <summary>The link's target, relative, so that it is right wherever the root is mounted: <c>../../usr/lib/initruntime/image/var/lib/dpkg</c>.</summary>
    /// <param name="path">The old absolute path.</param>
    public static string LinkOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var target = new StringBuilder();
        for (int depth = path.AsSpan().Count('/'); depth > 1; depth--)
        {
            target.Append("../");
        }

        return target.Append(PlaceOf(path).AsSpan(1)).ToString();
    }
}
