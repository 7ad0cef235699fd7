// The keys of one provider at run time: read or fetched, how long they count, and the tokens that they are known to have signed.
// Rule: as Envoy: keys that are too old are not used, a failed fetch refuses who waits for it and is tried again by the next.

import { readFileSync } from "node:fs";
import type { JwksPlan, JwtProviderPlan } from "../../plan/types";
import { JWT_OK, type Jwt } from "../../semantics";
import type { CountsOf } from "../../telemetry/named-counts";
import { type Jwk, MAX_JWKS_BYTES, parseJwks, verifySignature } from "./jwks";

type RemotePlan = Extract<JwksPlan, { kind: "remote" }>;

/** Fetches a key set once, with its retries; null: it failed. The function given back stops it. */
export type FetchKeys = (plan: RemotePlan, onDone: (body: string | null) => void) => () => void;

const NO_KEYS = "Jwks doesn't have any valid public key";
const FETCH_FAILED = "Jwks remote fetch is failed";
/** Verified tokens that are remembered, and the longest of them (Envoy's cache takes no longer ones either). */
const MAX_VERIFIED = 1000;
const MAX_REMEMBERED_LENGTH = 4096;
/** Fetched so long before they are too old (Envoy RefetchBeforeExpiredSec). */
const REFETCH_BEFORE_MS = 5000;

export class KeySet {
  private keys: readonly Jwk[] | null = null;
  private expiresAt = Number.POSITIVE_INFINITY;
  private verified = new Map<string, true>();
  private waiting: (() => void)[] = [];
  private stopFetch: (() => void) | null = null;
  private timer: NodeJS.Timeout | null = null;
  private fetchedAt = -1;
  /** The last fetch failed, and these are those who waited for it: they are refused, not sent round again. */
  private failedAt = -1;
  private isClosed = false;
  /** Of the filters that use these keys. */
  counts: ReadonlySet<CountsOf<"jwt">> = new Set();

  constructor(
    private readonly plan: JwtProviderPlan,
    private readonly fetch: FetchKeys,
  ) {
    const { jwks } = plan;
    if (jwks.kind === "local") this.readLocal(jwks);
    else if (jwks.background !== null) this.refresh(jwks);
  }

  /** {@link JWT_OK}, Envoy's words, or null: ask again after {@link whenFetched}. */
  verify(jwt: Jwt, token: string, askedAt: number): string | null {
    const { keys } = this;
    // Who waited for keys takes them, however short they count.
    if (keys === null || (performance.now() >= this.expiresAt && this.fetchedAt <= askedAt)) {
      if (this.plan.jwks.kind === "local") return NO_KEYS;
      return this.failedAt > askedAt ? FETCH_FAILED : null;
    }
    if (this.verified.has(token)) {
      // Recently used ones stay.
      this.verified.delete(token);
      this.verified.set(token, true);
      return JWT_OK;
    }
    const status = verifySignature(jwt, keys);
    if (status === JWT_OK && token.length <= MAX_REMEMBERED_LENGTH) this.remember(token);
    return status;
  }

  private remember(token: string): void {
    if (this.verified.size >= MAX_VERIFIED) {
      const [oldest] = this.verified.keys();
      if (oldest !== undefined) this.verified.delete(oldest);
    }
    // The text may be a slice of a whole request head.
    this.verified.set(Buffer.from(token, "latin1").toString("latin1"), true);
  }

  /** Calls `onDone` once the keys are there, or have failed to come; one fetch serves all who wait. */
  whenFetched(onDone: () => void): void {
    this.waiting.push(onDone);
    const { jwks } = this.plan;
    if (jwks.kind === "remote" && this.stopFetch === null) this.refresh(jwks);
  }

  private readLocal({ source }: Extract<JwksPlan, { kind: "local" }>): void {
    try {
      const text =
        source.kind === "inline"
          ? new TextDecoder().decode(source.bytes)
          : source.kind === "file"
            ? readFileSync(source.path, "utf8")
            : (process.env[source.variable] ?? "");
      this.take(text);
    } catch {
      // No keys: every token is refused, as with a set that cannot be read.
    }
  }

  private take(text: string): boolean {
    const keys = parseJwks(text);
    if (typeof keys === "string") return false;
    this.keys = keys;
    this.verified = new Map();
    return true;
  }

  private refresh(jwks: RemotePlan): void {
    if (this.isClosed) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.stopFetch?.();
    this.stopFetch = this.fetch(jwks, (body) => this.onFetched(jwks, body));
  }

  private onFetched(jwks: RemotePlan, body: string | null): void {
    this.stopFetch = null;
    if (this.isClosed) return;
    const { background, cacheMs } = jwks;
    const isGood = body !== null && body.length <= MAX_JWKS_BYTES && this.take(body);
    for (const each of this.counts) each[isGood ? "jwks_fetch_success" : "jwks_fetch_failed"]++;
    if (isGood) this.fetchedAt = performance.now();
    if (isGood) this.expiresAt = background === null ? performance.now() + cacheMs : Number.POSITIVE_INFINITY;
    else this.failedAt = performance.now();
    if (background !== null) {
      const goodMs = cacheMs > REFETCH_BEFORE_MS ? cacheMs - REFETCH_BEFORE_MS : cacheMs;
      const inMs = Math.max(1, isGood ? goodMs : background.failedMs);
      this.timer = setTimeout(() => this.refresh(jwks), inMs).unref();
    }
    const waiting = this.waiting;
    this.waiting = [];
    for (const each of waiting) each();
  }

  close(): void {
    this.isClosed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.stopFetch?.();
    this.stopFetch = null;
    const waiting = this.waiting;
    this.waiting = [];
    for (const each of waiting) each();
  }
}
