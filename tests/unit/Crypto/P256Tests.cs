using System;
using System.Security.Cryptography;
using InitRuntime.Crypto;
using Xunit;

namespace InitRuntime.Unit.Crypto;

public sealed class P256Tests
{
    // RFC 5903, 8.1.
    private const string InitiatorScalar = "C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433";
    private const string InitiatorX = "DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180";
    private const string InitiatorY = "5271A0461CDB8252D61F1C456FA3E59AB1F45B33ACCF5F58389E0577B8990BB3";
    private const string ResponderScalar = "C6EF9C5D78AE012A011164ACB397CE2088685D8F06BF9BE0B283AB46476BEE53";
    private const string ResponderX = "D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63";
    private const string ResponderY = "56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB";
    private const string Shared = "D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE";
    private const string Order = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";

    [Fact]
    public void It_gives_the_points_and_the_secret_of_RFC_5903()
    {
        Assert.Equal((InitiatorX, InitiatorY), Public(InitiatorScalar));
        Assert.Equal((ResponderX, ResponderY), Public(ResponderScalar));
        Assert.Equal(Shared, Agree(InitiatorScalar, ResponderX, ResponderY));
        Assert.Equal(Shared, Agree(ResponderScalar, InitiatorX, InitiatorY));
    }

    [Fact]
    public void It_agrees_with_another_implementation_on_random_keys()
    {
        for (int i = 0; i < 20; i++)
        {
            using ECDiffieHellman ours = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
            using ECDiffieHellman theirs = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
            ECParameters our = ours.ExportParameters(true);
            ECParameters their = theirs.ExportParameters(false);
            string scalar = Convert.ToHexString(our.D!);
            Assert.Equal((Convert.ToHexString(our.Q.X!), Convert.ToHexString(our.Q.Y!)), Public(scalar));
            Assert.Equal(
                Convert.ToHexString(ours.DeriveRawSecretAgreement(theirs.PublicKey)),
                Agree(scalar, Convert.ToHexString(their.Q.X!), Convert.ToHexString(their.Q.Y!)));
        }
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000001", InitiatorX)]
    [InlineData("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632550", InitiatorX)]
    public void The_smallest_and_the_largest_scalar_give_the_point_itself(string scalar, string expected) =>
        Assert.Equal(expected, Agree(scalar, InitiatorX, InitiatorY));

    [Fact]
    public void Zero_the_order_and_anything_above_are_no_scalars()
    {
        foreach (string scalar in (string[])[new('0', 64), Order, new('F', 64)])
        {
            Assert.False(P256.IsScalar(Convert.FromHexString(scalar)));
            Assert.Null(Agree(scalar, InitiatorX, InitiatorY));
        }

        Assert.False(P256.IsScalar(new byte[31]));
    }

    [Theory]
    [InlineData(InitiatorX, ResponderY)]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", "0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", InitiatorY)]
    [InlineData("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF", InitiatorY)]
    public void A_point_that_is_not_on_the_curve_is_refused(string x, string y) => Assert.Null(Agree(ResponderScalar, x, y));

    private static (string X, string Y) Public(string scalar)
    {
        byte[] x = new byte[32];
        byte[] y = new byte[32];
        P256.PublicPoint(Convert.FromHexString(scalar), x, y);
        return (Convert.ToHexString(x), Convert.ToHexString(y));
    }

    private static string? Agree(string scalar, string x, string y)
    {
        byte[] shared = new byte[32];
        return P256.TryAgree(Convert.FromHexString(scalar), Convert.FromHexString(x), Convert.FromHexString(y), shared) ? Convert.ToHexString(shared) : null;
    }
}
