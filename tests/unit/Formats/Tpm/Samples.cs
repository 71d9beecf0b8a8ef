using System;

namespace InitRuntime.Unit.Formats.Tpm;

/// <summary>
/// Bytes of the real tools: systemd-cryptenroll 257 with swtpm, <c>--tpm2-pcrs=7</c> after
/// <c>tpm2_pcrextend 7:sha256=$(printf x | sha256sum)</c>.
/// </summary>
internal static class Samples
{
    internal const string PolicyOfPcr7 = "49be4b8b1836b776d40f9e35074980b0d79705c03c02be6f34aa64aa15db08be";

    internal static byte[] Blob => Convert.FromBase64String(
        "AJ4AIKUOd/F4ItEJ2w2oafA/w5dp+31I6tKX83Vo8sn5L7OPABBGlPuYCWgg/Fhh9BTSf8dP6zI5DhxQJ6C/WPWUJMwFIosiQ8D7VxXa/oeK2V2kLXaxWtAPwSDDvfuGWsz5" +
        "VG6nc2psQutlHxHqrR3b23dPHS5onXtirXRiTxR1bp2pm3hzBdG0GqIDgSjzWViHJioY2o4p4u817Z5dvwBOAAgACwAABBIAIEm+S4sYNrd21A+eNQdJgLDXlwXAPAK+bzSq" +
        "ZKoV2wi+ABAAIM81I9oqc0DL4r+WtyV4IMdFkEsOyT3lgrvqMYQu0LBR");

    internal static byte[] StorageRootKey => Convert.FromBase64String(
        "gQAAAQAiAAu2uFDSMQO6fykGPtegVr1j2JzuWYanrqFeVaaZROXrFwAAAAEAWgAjAAsAAwRyAAAABgCAAEMAEAADABAAIFrY7EBoWFWEd1sa3MRncWlCB1sBgswCRMB8OrxU" +
        "L2a+ACB/F2foZudA5tWTwYDJ8caVuCs7E6CjI3btoginoSIvTA==");
}
