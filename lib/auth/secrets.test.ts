import { expect, test } from "vitest";
import { hashPassword, isSameHash, newApiToken, newLinkToken, parseApiToken, verifyPassword } from "./secrets";

const CHEAP = { logN: 10, r: 8, p: 1 };

test("a password is verified by its hash only, and two hashes of one differ", async () => {
  const [a, b] = await Promise.all([hashPassword("correct horse", CHEAP), hashPassword("correct horse", CHEAP)]);
  expect(a).not.toBe(b);
  expect(a).not.toContain("correct");
  expect(await verifyPassword("correct horse", a)).toBe(true);
  expect(await verifyPassword("correct horsE", a)).toBe(false);
});

test("somebody without a password is refused after the same work", { timeout: 30_000 }, async () => {
  expect(await verifyPassword("anything", null)).toBe(false);
  expect(await verifyPassword("", undefined)).toBe(false);
  expect(await verifyPassword("anything", "plain$text")).toBe(false);
});

test("composed and decomposed letters are one password", async () => {
  expect(
    await verifyPassword("cafe\u0301 cafe\u0301 cafe", await hashPassword("caf\u00e9 caf\u00e9 cafe", CHEAP)),
  ).toBe(true);
});

test("an API token is found by its id and proved by its secret", () => {
  const { id, token, secretHash } = newApiToken();
  expect(parseApiToken(token)).toEqual({ id, secretHash });
  expect(parseApiToken(`${token}x`)?.secretHash).not.toBe(secretHash);
  expect(secretHash).not.toContain(token.split("_")[2]);
  for (const wrong of ["", "mw__", "Bearer x", `${token} `, token.slice(3)])
    expect(parseApiToken(wrong)).toBeUndefined();
});

test("hashes are compared whole", () => {
  const { hash } = newLinkToken();
  expect(isSameHash(hash, hash)).toBe(true);
  expect(isSameHash(hash, hash.slice(2))).toBe(false);
  expect(isSameHash("", "")).toBe(false);
});
