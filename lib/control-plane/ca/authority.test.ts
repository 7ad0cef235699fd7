import { randomBytes, X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { MemoryCaStore } from "../testing/memory-stores";
import { createWorkloadKey } from "../testing/workload-key";
import { Authority, ISSUER_LIFETIME_MS } from "./authority";
import { openKey, sealKey } from "./key-sealing";
import { readPeer } from "./peer";
import { parseSpiffeId } from "./spiffe-id";

const START = Date.parse("2026-01-01T00:00:00Z");
const ID = "spiffe://mesh.test/ns/production/sa/cart";

async function newAuthority(options: { store?: MemoryCaStore; key?: Buffer; now?: { value: number } } = {}) {
  const now = options.now ?? { value: START };
  const store = options.store ?? new MemoryCaStore();
  const authority = new Authority({
    store,
    sealingKey: options.key ?? randomBytes(32),
    trustDomain: "mesh.test",
    clock: { now: () => now.value },
  });
  await authority.load();
  return { authority, store, now };
}

function leafOf(chainPem: string): X509Certificate {
  return new X509Certificate(chainPem);
}

describe("the certificate authority", () => {
  it("stamps the authenticated identity and ignores the names in the CSR", async () => {
    const { authority } = await newAuthority();
    const { csrPem } = await createWorkloadKey("spiffe://mesh.test/ns/production/sa/admin");
    const issued = await authority.signCsr(csrPem, ID);
    expect(leafOf(issued.certificatePem).subjectAltName).toBe(`URI:${ID}`);
    expect(readPeer(leafOf(issued.certificatePem).raw)).toEqual({
      ok: true,
      peer: { spiffeId: ID, serial: issued.serial },
    });
  });

  it("issues for 24 hours, back-dated by 60 seconds, with a new 128-bit serial each time", async () => {
    const { authority } = await newAuthority();
    const { csrPem } = await createWorkloadKey();
    const first = await authority.signCsr(csrPem, ID);
    const second = await authority.signCsr(csrPem, ID);
    expect(first.notBefore.getTime()).toBe(START - 60_000);
    expect(first.notAfter.getTime()).toBe(START + 86_400_000);
    expect(first.serial).toMatch(/^[0-9a-f]{32}$/);
    expect(second.serial).not.toBe(first.serial);
  });

  it("never lets a leaf outlive its issuer, and chains to the bundle", async () => {
    const { authority } = await newAuthority();
    const { csrPem } = await createWorkloadKey();
    const issued = await authority.signCsr(csrPem, ID, ISSUER_LIFETIME_MS * 2);
    const [leafPem, issuerPem] = issued.certificatePem.split(/(?<=-----END CERTIFICATE-----\n)/);
    const issuer = new X509Certificate(issuerPem!);
    expect(issued.notAfter.getTime()).toBe(Date.parse(issuer.validTo));
    expect(new X509Certificate(leafPem!).verify(issuer.publicKey)).toBe(true);
    expect(issuer.verify(new X509Certificate(authority.bundlePem()).publicKey)).toBe(true);
  });

  it("keeps the same root over a restart and refuses to start with another key file", async () => {
    const key = randomBytes(32);
    const { authority, store } = await newAuthority({ key });
    const again = await newAuthority({ key, store });
    expect(again.authority.bundlePem()).toBe(authority.bundlePem());
    expect(store.rows.every((row) => !row.encryptedKey.includes("PRIVATE"))).toBe(true);
    await expect(newAuthority({ store, key: randomBytes(32) })).rejects.toThrow(/MESHWRIGHT_KEY_FILE/);
  });

  it("prepares the other slot at half of the issuer's life and activates it at five sixths", async () => {
    const now = { value: START };
    const { authority, store } = await newAuthority({ now });
    now.value = START + ISSUER_LIFETIME_MS * 0.6;
    await authority.load();
    expect(store.rows.filter((row) => row.kind === "issuer").map((row) => `${row.slot} ${row.state}`)).toEqual([
      "A active",
      "B prepared",
    ]);
    now.value = START + ISSUER_LIFETIME_MS * 0.9;
    await authority.load();
    expect(store.rows.filter((row) => row.kind === "issuer").map((row) => `${row.slot} ${row.state}`)).toEqual([
      "A retired",
      "B active",
    ]);
    const { csrPem } = await createWorkloadKey();
    const issued = await authority.signCsr(csrPem, ID);
    expect(issued.notAfter.getTime()).toBe(now.value + 86_400_000);
  });

  it("changes its root in steps: both are trusted while certificates move, then the old one is not", async () => {
    const { authority, store } = await newAuthority();
    const { csrPem } = await createWorkloadKey();
    const first = await authority.signCsr(csrPem, ID);
    const roots = () => authority.bundlePem().match(/-----BEGIN/g)?.length;
    const isOfNewRoot = async () => {
      const [, issuer = ""] = (await authority.signCsr(csrPem, ID)).certificatePem.split(/(?<=END CERTIFICATE-----\n)/);
      const root = new X509Certificate(authority.rootIn("active")?.certPem ?? "");
      return new X509Certificate(issuer).verify(root.publicKey);
    };

    const id = await authority.prepareRoot();
    expect(await authority.prepareRoot(), "asked twice").toBe(id);
    expect([roots(), authority.taintedIssuers()]).toEqual([2, []]);
    expect((await authority.signCsr(csrPem, ID)).issuerSerial).toBe(first.issuerSerial);

    await authority.activateRoot();
    expect(authority.rootIn("active")?.id).toBe(id);
    expect([roots(), authority.taintedIssuers()]).toEqual([2, [first.issuerSerial]]);
    expect(await isOfNewRoot()).toBe(true);
    expect((await authority.signCsr(csrPem, ID)).issuerSerial).toBe(authority.issuerSerial);

    await authority.retireTaintedRoot();
    expect([roots(), authority.taintedIssuers()]).toEqual([1, []]);
    const [, oldIssuer = ""] = first.certificatePem.split(/(?<=END CERTIFICATE-----\n)/);
    expect(new X509Certificate(oldIssuer).verify(new X509Certificate(authority.bundlePem()).publicKey)).toBe(false);
    expect(store.rows.filter(({ state }) => state === "active")).toHaveLength(2);

    await authority.prepareRoot();
    await authority.discardPreparedRoot();
    expect([roots(), authority.rootIn("active")?.id]).toEqual([1, id]);
  });

  it("tells when another control plane changed what is trusted", async () => {
    const key = randomBytes(32);
    const { authority, store } = await newAuthority({ key });
    const other = await newAuthority({ key, store });
    await authority.prepareRoot();
    expect(await other.authority.load()).toBe(true);
    expect(other.authority.bundlePem()).toBe(authority.bundlePem());
    expect(await other.authority.load()).toBe(false);
  });

  it("refuses a CSR that is not one or is not P-256", async () => {
    const { authority } = await newAuthority();
    await expect(authority.signCsr("hello", ID)).rejects.toThrow(/PKCS#10/);
  });
});

describe("sealed keys", () => {
  it("open only with the same key and for the row they were made for", () => {
    const key = randomBytes(32);
    const sealed = sealKey(Buffer.from("private"), key, "root-1");
    expect(openKey(sealed, key, "root-1").toString()).toBe("private");
    expect(() => openKey(sealed, key, "root-2")).toThrow(/cannot be decrypted/);
    expect(() => openKey(sealed, randomBytes(32), "root-1")).toThrow(/cannot be decrypted/);
  });
});

describe("SPIFFE IDs", () => {
  it.each(["spiffe://a.b/ns/x/sa/y", "spiffe://A.b/ns/X"])("accepts %s", (text) => {
    expect(parseSpiffeId(text)).not.toBeNull();
  });
  it.each([
    "spiffe://a.b",
    "spiffe://a.b/",
    "spiffe://a.b/x/",
    "spiffe://a.b//x",
    "spiffe://a.b/../x",
    "spiffe://a.b/x%41",
    "spiffe://a:1/x",
    "https://a.b/x",
    "spiffe:///x",
  ])("refuses %s", (text) => {
    expect(parseSpiffeId(text)).toBeNull();
  });
});
