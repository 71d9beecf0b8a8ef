using System;
using System.Text;

namespace InitRuntime.Storage.Devices;

/// <summary>What /init wants to know of one device event.</summary>
/// <param name="Action"><c>add</c>, <c>change</c>, <c>remove</c> ...</param>
/// <param name="Subsystem">For example <c>block</c>.</param>
/// <param name="Modalias">What the device asks to be driven by, or empty.</param>
public readonly record struct Uevent(string Action, string Subsystem, string Modalias)
{
    /// <summary>Reads a message: <c>ACTION@DEVPATH</c>, then <c>KEY=VALUE</c>, each ended by NUL. Source: lib/kobject_uevent.c.</summary>
    public static Uevent Parse(ReadOnlySpan<byte> message)
    {
        string action = "", subsystem = "", modalias = "";
        foreach (Range range in message.Split((byte)0))
        {
            ReadOnlySpan<byte> field = message[range];
            if (field.StartsWith("ACTION="u8))
            {
                action = Encoding.UTF8.GetString(field["ACTION=".Length..]);
            }
            else if (field.StartsWith("SUBSYSTEM="u8))
            {
                subsystem = Encoding.UTF8.GetString(field["SUBSYSTEM=".Length..]);
            }
            else if (field.StartsWith("MODALIAS="u8))
            {
                modalias = Encoding.UTF8.GetString(field["MODALIAS=".Length..]);
            }
        }

        return new(action, subsystem, modalias);
    }
}
