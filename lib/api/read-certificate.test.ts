import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import {
  createPublicAuthority,
  type PublicAuthority,
  type PublicCertificate,
} from "@/lib/compile/testing/public-authority";
import { authoritiesOf, factsOfChain, readAuthorities, readCertificate, revocationListsOf } from "./read-certificate";

const HOUR_MS = 3_600_000;
let authority: PublicAuthority;
let shop: PublicCertificate;
let other: PublicCertificate;

beforeAll(async () => {
  authority = await createPublicAuthority();
  shop = await authority.issue(["shop.example.com", "*.shop.example.com"]);
  other = await authority.issue(["other.example.com"]);
});

const read = (chain: string, key: string, at = Date.now()) => readCertificate({ chain, key }, at);

function problemsOf(chain: string, key: string) {
  const answer = read(chain, key);
  if (answer.ok) throw new Error("it was taken");
  return answer.problems.map(({ path, message, fix }) => `${path} ${message}. ${fix}`);
}

test("certificate, intermediate and key: what they say, and the PEM alone is kept", () => {
  const text = `subject=/CN=shop\n${shop.chainPem}\nsome words`;
  const answer = read(text, `Key Attributes: <No Attributes>\r\n${shop.keyPem}`);
  expect(answer).toMatchObject({
    ok: true,
    facts: {
      subject: "shop.example.com",
      issuer: "Meshwright issuer 1",
      names: ["shop.example.com", "*.shop.example.com"],
      keyType: "ec:prime256v1",
      isSelfSigned: false,
    },
  });
  if (!answer.ok) return;
  expect(answer.chainPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(answer.chainPem).not.toContain("words");
  expect(answer.keyPem).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  expect(factsOfChain(answer.chainPem)).toEqual(answer.facts);
  expect(answer.facts.fingerprint).toBe(new X509Certificate(shop.chainPem).fingerprint256);
});

describe("what cannot be served is refused at its field, with what to do", () => {
  test("no PEM, or half of it", () => {
    expect(problemsOf("hello", "hello")).toEqual([
      expect.stringMatching(/^body\.chain has no certificate in PEM\. Give the text from -----BEGIN/),
      expect.stringMatching(/^body\.key has no private key in PEM\. Give the text from -----BEGIN PRIVATE KEY/),
    ]);
    const damaged = shop.chainPem.replace(/\n[A-Za-z0-9+/]{64}\n/, "\n");
    expect(problemsOf(damaged, shop.keyPem)[0]).toContain("(number 1) that cannot be read");
    expect(problemsOf(shop.chainPem, shop.keyPem.replace(/\n.{20}/, "\n"))[0]).toMatch(/^body\.key cannot be read/);
  });

  test("the two fields changed places", () => {
    expect(problemsOf(shop.keyPem, shop.chainPem)).toEqual([
      expect.stringContaining("body.chain has a private key in it. Put the key into its own field"),
      expect.stringContaining("body.key is a certificate. Give the private key that belongs to it"),
    ]);
  });

  test("the key of another certificate", () => {
    expect(problemsOf(shop.chainPem, other.keyPem)).toEqual([
      expect.stringContaining("body.key is not the key of the certificate of shop.example.com"),
    ]);
  });

  test("a key with a passphrase", () => {
    const options = { input: shop.keyPem, encoding: "utf8" as const };
    const encrypted = execFileSync("openssl", ["pkey", "-aes256", "-passout", "pass:secret"], options);
    expect(problemsOf(shop.chainPem, encrypted)).toEqual([
      expect.stringContaining("body.key is encrypted with a passphrase"),
    ]);
  });

  test("expired, and not valid yet", async () => {
    const old = await authority.issue(["shop.example.com"], { from: -3 * HOUR_MS, to: -HOUR_MS });
    expect(problemsOf(old.chainPem, old.keyPem)).toEqual([
      expect.stringMatching(
        /^body\.chain has a certificate \(shop\.example\.com\) that expired on \d{4}-\d\d-\d\d\. Have it renewed/,
      ),
    ]);
    const early = await authority.issue(["shop.example.com"], { from: HOUR_MS, to: 2 * HOUR_MS });
    expect(problemsOf(early.chainPem, early.keyPem)[0]).toContain("that is valid from");
  });

  test("a chain in the wrong order, of strangers, or of a whole list", () => {
    const [leaf = "", intermediate = ""] = shop.chainPem.split(/(?<=-----END CERTIFICATE-----\n)/);
    expect(problemsOf(intermediate + leaf, shop.keyPem)[0]).toContain(
      "body.chain has certificate 2 (shop.example.com)",
    );
    const list = leaf + Array.from({ length: 10 }, () => authority.intermediatePem).join("");
    expect(problemsOf(list, shop.keyPem)[0]).toContain("has 11 certificates; at most 10");
  });

  test.each([
    ["rsa:1024", "rsa:1024", []],
    ["ec", "ec:secp256k1", ["-pkeyopt", "ec_paramgen_curve:secp256k1"]],
  ])("a key of %s, which clients refuse", (kind, told, options) => {
    const ask = ["req", "-x509", "-newkey", kind, ...options, "-nodes", "-days", "1", "-subj", "/CN=short"];
    const both = execFileSync("openssl", [...ask, "-keyout", "-", "-out", "-"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const key = both.slice(0, both.indexOf("-----BEGIN CERTIFICATE"));
    expect(problemsOf(both.slice(key.length), key)).toEqual([
      `body.chain is for a key that clients of today refuse (${told}). Have one issued for an RSA key of 2048 bits or more, or for P-256.`,
    ]);
  });
});

test("authorities of clients: several, each once; no leaf, no key, nothing that ended", () => {
  const now = Date.now();
  const both = authority.rootPem + authority.intermediatePem + authority.rootPem;
  const answer = readAuthorities(both, now);
  expect(answer.ok && authoritiesOf(answer.pem).map(({ subject }) => subject)).toEqual([
    "Meshwright root A",
    "Meshwright issuer 1",
  ]);
  const refusal = (text: string, at = now) => {
    const read = readAuthorities(text, at);
    return read.ok ? "taken" : read.problems.map(({ path, message }) => `${path} ${message}`).join();
  };
  expect(refusal("")).toBe("body.clientCa has no certificate in PEM");
  expect(refusal(shop.chainPem)).toBe("body.clientCa has a certificate (shop.example.com) of no authority");
  expect(refusal(authority.rootPem + shop.keyPem)).toBe("body.clientCa has a private key in it");
  expect(refusal(authority.rootPem, now + 25 * HOUR_MS)).toMatch(/an authority \(Meshwright root A\) that expired on/);
});

test("revocation lists stand beside the authorities whose they are, and say until when they count", async () => {
  const now = Date.now();
  const lists = await authority.revoke([shop]);
  const both = lists + authority.rootPem + authority.intermediatePem + lists;
  const answer = readAuthorities(both, now);
  expect(answer.ok && authoritiesOf(answer.pem)).toHaveLength(2);
  expect(answer.ok && revocationListsOf(answer.pem).map(({ issuer }) => issuer)).toEqual([
    "Meshwright root A",
    "Meshwright issuer 1",
  ]);
  const [first] = answer.ok ? revocationListsOf(answer.pem) : [];
  expect(Date.parse(first?.nextUpdate ?? "")).toBeGreaterThan(now);
  const refusal = (text: string, at = now) => {
    const read = readAuthorities(text, at);
    return read.ok ? "taken" : read.problems.map(({ path, message }) => `${path} ${message}`).join();
  };
  expect(refusal(lists)).toBe("body.clientCa has no certificate in PEM");
  expect(refusal(authority.rootPem + lists)).toBe(
    "body.clientCa has a revocation list of Meshwright issuer 1, who is none of these authorities",
  );
  expect(refusal(both, now + 2 * HOUR_MS)).toMatch(
    /a revocation list of Meshwright root A that ended on .* every client is refused/,
  );
  const broken = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";
  expect(refusal(authority.rootPem + broken)).toBe(
    "body.clientCa has a revocation list (number 1) that cannot be read",
  );
});
