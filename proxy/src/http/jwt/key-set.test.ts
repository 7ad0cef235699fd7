import { expect, test, vi } from "vitest";
import { ecKey, keySetOf, tokenOf } from "../../../test/support/tokens";
import type { JwksPlan, JwtProviderPlan } from "../../plan/types";
import { JWT_OK, type Jwt, parseJwt } from "../../semantics";
import { MAX_JWKS_BYTES, parseJwks } from "./jwks";
import { KeySet } from "./key-set";

const key = ecKey("one");
const inline = (text: string): JwksPlan => ({
  kind: "local",
  source: { kind: "inline", bytes: new TextEncoder().encode(text) },
});
const remote: JwksPlan = {
  kind: "remote",
  cluster: "keys",
  scheme: "http",
  host: "keys.test",
  path: "/",
  timeoutMs: 1000,
  cacheMs: 600_000,
  retries: 0,
  retryBaseMs: 1,
  retryMaxMs: 1,
  background: null,
};
const provider = (jwks: JwksPlan) => ({ name: "a", key: "a", jwks }) as unknown as JwtProviderPlan;
const noFetch = () => () => {};

function ask(set: KeySet, token: string, askedAt = performance.now()): string | null {
  const jwt = parseJwt(token);
  if (typeof jwt === "string") throw new Error(jwt);
  return set.verify(jwt, token, askedAt);
}

test("a token that was verified is not verified again, however often it comes, and no more are remembered than may be", () => {
  const set = new KeySet(provider(inline(keySetOf(key))), noFetch);
  const good = tokenOf(key, { sub: "ann" });
  expect(ask(set, good)).toBe(JWT_OK);
  // The same text with another meaning: only what is remembered would take it.
  const forged = { ...(parseJwt(good) as Jwt), signature: new Uint8Array(64) };
  expect(set.verify(forged, good, 0)).toBe(JWT_OK);
  for (let i = 0; i < 1000; i++) ask(set, tokenOf(key, { sub: `user-${i}` }));
  expect(set.verify(forged, good, 0)).toBe("Jwt verification fails");
});

test("a long token is verified each time", () => {
  const set = new KeySet(provider(inline(keySetOf(key))), noFetch);
  const long = tokenOf(key, { sub: "x".repeat(5000) });
  expect(ask(set, long)).toBe(JWT_OK);
  const forged = { ...(parseJwt(long) as Jwt), signature: new Uint8Array(64) };
  expect(set.verify(forged, long, 0)).toBe("Jwt verification fails");
});

test("other keys forget what the keys before had signed", () => {
  let arrive: (body: string | null) => void = () => {};
  const set = new KeySet(provider({ ...remote, cacheMs: 0 }), (_, onDone) => {
    arrive = onDone;
    return () => {};
  });
  const token = tokenOf(key, { sub: "ann" });
  const fetched = (body: string): void => {
    set.whenFetched(() => {});
    arrive(body);
  };
  fetched(keySetOf(key));
  expect(ask(set, token, 0)).toBe(JWT_OK);
  fetched(keySetOf(ecKey("one")));
  expect(ask(set, token, 0)).toBe("Jwt verification fails");
});

test("one fetch serves all who wait, and one that closes lets them go", () => {
  const fetch = vi.fn(() => () => {});
  const set = new KeySet(provider(remote), fetch);
  const done = vi.fn();
  expect(ask(set, tokenOf(key, {}))).toBeNull();
  set.whenFetched(done);
  set.whenFetched(done);
  expect(fetch).toHaveBeenCalledTimes(1);
  set.close();
  expect(done).toHaveBeenCalledTimes(2);
});

test("keys that cannot be read are left out; a set without any, or beyond measure, is none", () => {
  const good = JSON.parse(keySetOf(key)).keys[0];
  const of = (...keys: unknown[]) => parseJwks(JSON.stringify({ keys }));
  expect(of({ kty: "EC" }, 1, null, { kty: "RSA", e: "AQAB" }, { ...good, alg: "RS256" }, good)).toHaveLength(1);
  expect(of({ ...good, alg: "ES384" })).toBe("Jwks doesn't have any valid public key");
  expect(of({ kty: "RSA", n: "AQAB", e: "Ag" })).toBe("Jwks doesn't have any valid public key");
  expect(of(...Array.from({ length: 501 }, () => good))).toBe("Jwks doesn't have any valid public key");
  expect(parseJwks(" ".repeat(MAX_JWKS_BYTES + 1))).toBe("Jwks is an invalid JSON");
  for (const text of ["", "[]", "null", "1"]) expect(parseJwks(text)).toBe("Jwks is an invalid JSON");
  expect(parseJwks("{}")).toBe("Jwks does not have [keys] field");
  expect(parseJwks('{"keys":{}}')).toBe("[keys] in Jwks is not an array");
});
