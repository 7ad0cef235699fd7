import "reflect-metadata";
import { X509Certificate } from "node:crypto";
import { Pkcs10CertificateRequest } from "@peculiar/x509";
import { describe, expect, test } from "vitest";
import { makeKeyAndRequest } from "./csr";
import { formatSpiffeId, parseSpiffeId } from "./spiffe-id";
import { checkSvid } from "./svid";
import { issueCertificate, type LeafOptions } from "./testing/issue-certificate";

const ID = "spiffe://mesh.local/ns/production/sa/cart";

describe("SPIFFE IDs (SPIFFE-ID.md)", () => {
  test.each([
    ID,
    "spiffe://mesh.local",
    "SPIFFE://Mesh.Local/a",
    "spiffe://a_b-c.1/x/y.z/_-",
    `spiffe://mesh.local/${"a".repeat(2048 - 20)}`,
    `spiffe://${"a".repeat(255)}/x`,
  ])("%s is one", (text) => {
    expect(parseSpiffeId(text)).not.toBeNull();
  });

  test.each([
    "",
    "https://mesh.local/a",
    "spiffe:///a",
    "spiffe://mesh.local/",
    "spiffe://mesh.local/a/",
    "spiffe://mesh.local//a",
    "spiffe://mesh.local/./a",
    "spiffe://mesh.local/../a",
    "spiffe://mesh.local/a%2Fb",
    "spiffe://mesh.local/ä",
    "spiffe://mesh.local:8080/a",
    "spiffe://user@mesh.local/a",
    "spiffe://mesh.local/a?b",
    "spiffe://mesh.local/a#b",
    "spiffe://mesh%2elocal/a",
    `spiffe://mesh.local/${"a".repeat(2048)}`,
    `spiffe://${"a".repeat(256)}/x`,
  ])("%s is none", (text) => {
    expect(parseSpiffeId(text)).toBeNull();
  });

  test("the trust domain is lower case, the path keeps its case", () => {
    const id = parseSpiffeId("spiffe://Mesh.Local/Ns/A");
    expect(id && formatSpiffeId(id)).toBe("spiffe://mesh.local/Ns/A");
  });
});

describe("SVID leaves (X509-SVID.md)", () => {
  const check = async (options: LeafOptions) => checkSvid(await issueCertificate(options));

  test("a right one gives the identity, also when written in other case", async () => {
    const result = await check({ uris: ["spiffe://MESH.local/ns/production/sa/cart"], serial: "00ab01" });
    expect(result).toMatchObject({ ok: true, svid: { spiffeId: ID, trustDomain: "mesh.local", serial: "ab01" } });
  });

  test("other kinds of SAN may be beside it", async () => {
    expect(await check({ uris: [ID], dnsNames: ["cart.test"] })).toMatchObject({
      ok: true,
      svid: { dnsSans: ["cart.test"] },
    });
  });

  const refused: [what: string, options: LeafOptions, reason: string][] = [
    ["two URI SANs", { uris: [ID, "spiffe://mesh.local/admin"] }, "2 URI SANs"],
    ["no URI SAN", { uris: [], dnsNames: ["cart.test"] }, "no URI SAN"],
    ["an ID without a path", { uris: ["spiffe://mesh.local"] }, "not the SPIFFE ID of a workload"],
    ["another scheme", { uris: ["https://mesh.local/ns/a"] }, "not the SPIFFE ID of a workload"],
    ["a CA certificate", { uris: [ID], isCa: true }, "CA certificate"],
    ["no key usage", { uris: [ID], keyUsage: null }, "key usage is missing"],
    ["key usage that is not critical", { uris: [ID], isKeyUsageCritical: false }, "not critical"],
    ["key usage without digitalSignature", { uris: [ID], keyUsage: ["keyAgreement"] }, "lacks digitalSignature"],
    [
      "key usage with keyCertSign",
      { uris: [ID], keyUsage: ["digitalSignature", "keyCertSign"] },
      "signing certificates",
    ],
    ["key usage with cRLSign", { uris: [ID], keyUsage: ["digitalSignature", "cRLSign"] }, "signing certificates"],
    ["an extended usage for servers only", { uris: [ID], extendedUsage: ["serverAuth"] }, "serverAuth or clientAuth"],
    [
      "an empty subject with a SAN that is not critical",
      { uris: [ID], subject: "", isSanCritical: false },
      "SAN is not critical",
    ],
  ];
  test.each(refused)("%s is refused", async (_what, options, reason) => {
    expect(await check(options)).toMatchObject({ ok: false, reason: expect.stringContaining(reason) });
  });

  test("bytes that are no certificate are refused", () => {
    expect(checkSvid(Uint8Array.of(0x30, 0x80, 1))).toMatchObject({ ok: false });
  });

  test("damaged bytes never throw", async () => {
    const der = await issueCertificate({ uris: [ID] });
    for (let index = 0; index < der.length; index += 1) {
      const damaged = Uint8Array.from(der);
      damaged[index] = (damaged[index] ?? 0) ^ 0x55;
      expect(() => checkSvid(damaged)).not.toThrow();
    }
  });

  test("node agrees that the certificate is readable", async () => {
    expect(new X509Certificate(await issueCertificate({ uris: [ID] })).subjectAltName).toContain(ID);
  });
});

test("the certification request is one that others read: P-256, signed by its key, without a name", async () => {
  const request = new Pkcs10CertificateRequest(makeKeyAndRequest().csrPem);
  expect(request.subject).toBe("");
  expect(request.publicKey.algorithm).toMatchObject({ name: "ECDSA", namedCurve: "P-256" });
  expect(await request.verify()).toBe(true);
});
