using System;
using System.Collections.Generic;
using InitRuntime.Formats;
using InitRuntime.Formats.Credentials;
using InitRuntime.Formats.Tpm;
using InitRuntime.Linux;

namespace InitRuntime.Stages;

/// <summary>
/// pcrlock.json before /var is open: systemd-pcrlock(8) also writes it to the boot partition, as a credential that systemd-stub puts
/// into the initramfs. Nobody vouches for it but the TPM, whose NV index holds the policy. It is not handed on as
/// /run/systemd/pcrlock.json: systemd would prefer that to the file in /var, even once the policy there is renewed.
/// </summary>
internal static class PcrlockCredential
{
    private const string Prefix = "pcrlock.";
    private const string Suffix = ".cred";

    /// <summary>The credentials of this image, then those of all images, as systemd takes them. Source: systemd-stub(7).</summary>
    private static readonly string[] _directories = ["/.extra/credentials/", "/.extra/global_credentials/"];

    /// <summary>The first policy in the order of directories and names; null when there is none. What is passed over is logged.</summary>
    internal static byte[]? Find(Kmsg log)
    {
        byte[]? policy = null;
        foreach (string path in Files())
        {
            ParseError error = policy is null ? Read(path, out policy) : new("another one comes first");
            if (error.IsError)
            {
                log.Write(Priority.Choice, $"tpm: {path} is passed over: {error}");
            }
        }

        return policy;
    }

    private static List<string> Files()
    {
        var files = new List<string>();
        foreach (string directory in _directories)
        {
            int first = files.Count;
            foreach (string name in KernelFile.Names(directory))
            {
                // The boot partition does not tell upper from lower case. systemd-stub brings no other names than those in ASCII.
                if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && name.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase)
                    && !name.AsSpan().ContainsAnyExceptInRange(' ', '~'))
                {
                    files.Add(directory + name);
                }
            }

            files.Sort(first, files.Count - first, StringComparer.Ordinal);
        }

        return files;
    }

    private static ParseError Read(string path, out byte[]? policy)
    {
        policy = null;
        byte[] file;
        try
        {
            file = KernelFile.ReadAll(path, SystemdCredential.MaximumLength);
        }
        catch (SyscallException e)
        {
            return new(e.Message);
        }

        if (!SystemdCredential.TryOpenWithNullKey(file, out SystemdCredential credential, out ParseError error))
        {
            return error;
        }

        if (!credential.Name.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return new($"its name is \"{credential.Name}\", wanted {Prefix}*");
        }

        if (PcrlockPolicy.TryParse(credential.Content, out _, out error))
        {
            policy = credential.Content;
        }

        return error;
    }
}
