// The proxy's own identity over time: loaded or enrolled at start, renewed at half life +-10 %, with a new key each time.
// One rule: wall time is read again at least twice a minute, so that a suspended machine or a moved clock is noticed.

import { X509Certificate } from "node:crypto";
import { BackOff } from "./back-off";
import { makeKeyAndRequest } from "./csr";
import { askForCertificate, EnrollError, type Issued } from "./enroll-client";
import type { IdentityFile } from "./identity-file";
import { type Identity, IdentityStore, identityOf } from "./identity-store";
import { normalizeSerial } from "./svid";

/** The agent restarts the proxy with a fresh join token. */
export const EXIT_NEEDS_JOIN_TOKEN = 75;
/** The identity was taken away: starting again does not help. */
export const EXIT_IDENTITY_DENIED = 77;

/** A join token lives ten minutes: after that, asking on is pointless. */
const ENROLL_LIMIT_MS = 600_000;
const MAX_SLEEP_MS = 30_000;
/** A mesh that is told to renew does not ask all at once: the control plane signs fifty a second. */
const RENEWAL_SPREAD_MS = 2_000;
const RENEWAL_AGAIN_MS = 10_000;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const NEEDS_TOKEN = ["join_token_invalid", "certificate_required", "certificate_untrusted"];

export interface IdentityProviderOptions {
  readonly file: IdentityFile;
  readonly log: (message: string) => void;
  readonly onFatal: (message: string, exitCode: number) => void;
  readonly now?: () => number;
  readonly random?: () => number;
}

export class IdentityProvider {
  private readonly store: IdentityStore;
  private identity: Identity | null = null;
  private bundlePem: string;
  private readonly listeners: ((identity: Identity) => void)[] = [];
  private timer: NodeJS.Timeout | null = null;
  private isStopped = false;
  private isRenewing = false;
  private renewAt = 0;
  private renewIssuers: ReadonlySet<string> = new Set();
  private readonly backOff: BackOff;
  private readonly now: () => number;
  private readonly random: () => number;

  constructor(private readonly options: IdentityProviderOptions) {
    this.now = options.now ?? Date.now;
    this.random = options.random ?? Math.random;
    this.backOff = new BackOff(500, 30_000, this.random);
    this.store = new IdentityStore(options.file.home);
    this.bundlePem = mergeBundles(this.store.loadBundle(), options.file.trustBundlePem);
  }

  /** Resolves when there is a valid certificate. Calls onFatal (and never resolves) when there can be none. */
  async start(): Promise<void> {
    const stored = this.store.load(this.options.file.spiffeId, this.now());
    if (typeof stored === "string") {
      this.options.log(`${stored}: asking the control plane for one`);
      await this.enroll();
      if (this.identity === null) {
        return new Promise(() => {}); // onFatal ends the process
      }
    } else {
      this.use(stored, stored.svid.notBefore);
    }
    this.sleep();
  }

  current(): Identity | null {
    return this.identity;
  }

  /** CAs that the control plane's certificate is checked against. */
  trustBundle(): string {
    return this.bundlePem;
  }

  /** A newer bundle came by SDS: it counts for the control plane too, and for the next start. */
  updateBundle(bundlePem: string): void {
    if (bundlePem !== this.bundlePem) {
      this.bundlePem = bundlePem;
      this.store.saveBundle(bundlePem);
    }
  }

  /** Renews soon when the certificate is of one of these CAs (by serial): its root is being replaced. */
  renewIfIssuedBy(issuers: ReadonlySet<string>): void {
    this.renewIssuers = issuers;
    if (this.identity && this.isOfThese(this.identity) && this.now() + RENEWAL_SPREAD_MS < this.renewAt) {
      this.renewAt = this.now() + this.random() * RENEWAL_SPREAD_MS;
      if (this.timer) clearTimeout(this.timer);
      this.sleep();
    }
  }

  /** Asks at once, to learn whether this identity still counts: one that was revoked ends the process. */
  renewNow(): void {
    if (this.identity === null || this.isRenewing) return;
    this.renewAt = this.now();
    if (this.timer) clearTimeout(this.timer);
    this.sleep();
  }

  onChange(listener: (identity: Identity) => void): void {
    this.listeners.push(listener);
  }

  stop(): void {
    this.isStopped = true;
    if (this.timer) {
      clearTimeout(this.timer);
    }
  }

  private async enroll(): Promise<void> {
    const { joinToken } = this.options.file;
    if (joinToken === null) {
      return this.fatal(
        "there is no valid certificate and no join token; start the proxy with a fresh join token",
        EXIT_NEEDS_JOIN_TOKEN,
      );
    }
    const giveUpAt = this.now() + ENROLL_LIMIT_MS;
    while (!this.isStopped) {
      try {
        await this.ask("/v1/enroll", joinToken);
        this.backOff.reset();
        return;
      } catch (error) {
        if (this.isFatal(error)) {
          return;
        }
        if (this.now() > giveUpAt) {
          return this.fatal(
            "the control plane could not be reached while the join token was valid; start the proxy with a fresh one",
            EXIT_NEEDS_JOIN_TOKEN,
          );
        }
        const wait = this.backOff.next();
        this.options.log(`no certificate yet: ${(error as Error).message}; next try in ${wait} ms`);
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  private async ask(path: "/v1/enroll" | "/v1/renew", joinToken?: string): Promise<void> {
    const { privateKeyPem, csrPem } = makeKeyAndRequest();
    const { enrollUrl, controlPlaneSpiffeId, spiffeId } = this.options.file;
    const issued = await askForCertificate({
      url: enrollUrl.replace(/\/$/, "") + path,
      body: { csrPem, ...(joinToken === undefined ? {} : { joinToken }) },
      trustBundlePem: this.bundlePem,
      controlPlaneSpiffeId,
      ...(path === "/v1/renew" && this.identity ? { client: this.identity } : {}),
    });
    const identity = identityOf(privateKeyPem, issued.certificatePem, spiffeId, this.now());
    if (typeof identity === "string") {
      throw new EnrollError(
        "answer_invalid",
        `the control plane issued what cannot be used: ${identity}${this.skew(issued)}`,
      );
    }
    this.bundlePem = issued.bundlePem;
    this.store.save(identity, issued.bundlePem);
    this.use(identity, this.now()); // not from notBefore: it is back-dated
  }

  private skew({ serverTime }: Issued): string {
    const difference = Math.abs(Date.parse(serverTime) - this.now());
    return difference > 60_000
      ? ` (this machine's clock differs from the control plane's by ${Math.round(difference / 1000)} s; set it)`
      : "";
  }

  private use(identity: Identity, since: number): void {
    this.identity = identity;
    const { notAfter } = identity.svid;
    const atHalfLife = since + (notAfter - since) * (0.5 + (this.random() - 0.5) * 0.2);
    // A control plane that had not heard of the new root yet: ask again.
    this.renewAt = this.isOfThese(identity) ? Math.min(atHalfLife, this.now() + RENEWAL_AGAIN_MS) : atHalfLife;
    for (const listener of this.listeners) {
      listener(identity);
    }
  }

  private isOfThese({ chainPem }: Identity): boolean {
    const issuer = issuerSerialOf(chainPem);
    return issuer !== null && this.renewIssuers.has(issuer);
  }

  private sleep(delayMs = Math.min(Math.max(this.renewAt - this.now(), 0), MAX_SLEEP_MS)): void {
    if (!this.isStopped) {
      this.timer = setTimeout(() => void this.wake(), delayMs);
      this.timer.unref();
    }
  }

  private async wake(): Promise<void> {
    if (this.now() < this.renewAt || this.isRenewing) {
      return this.sleep();
    }
    this.isRenewing = true;
    try {
      await this.ask("/v1/renew");
      this.backOff.reset();
      this.options.log(`certificate renewed, valid until ${new Date(this.identity?.svid.notAfter ?? 0).toISOString()}`);
      this.sleep();
    } catch (error) {
      if (this.isFatal(error)) {
        return;
      }
      const wait = this.backOff.next();
      this.options.log(`the certificate was not renewed: ${(error as Error).message}; next try in ${wait} ms`);
      this.sleep(wait);
    } finally {
      this.isRenewing = false;
    }
  }

  private isFatal(error: unknown): boolean {
    if (error instanceof EnrollError && NEEDS_TOKEN.includes(error.code)) {
      this.store.discard();
      this.fatal(`${error.message} Start the proxy with a fresh join token.`, EXIT_NEEDS_JOIN_TOKEN);
      return true;
    }
    if (error instanceof EnrollError && error.code === "certificate_denied") {
      this.store.discard();
      this.fatal(error.message, EXIT_IDENTITY_DENIED);
      return true;
    }
    return false;
  }

  private fatal(message: string, exitCode: number): void {
    this.stop();
    this.options.onFatal(message, exitCode);
  }
}

/** Serial of the CA certificate that follows the leaf, lower-case hex; null when the chain is the leaf alone. */
function issuerSerialOf(chainPem: string): string | null {
  const [, issuer] = chainPem.match(CERTIFICATE) ?? [];
  return issuer === undefined ? null : normalizeSerial(new X509Certificate(issuer).serialNumber);
}

/** Both bundles, each certificate once: the stored one may be newer, the agent's may be. */
function mergeBundles(stored: string | null, given: string): string {
  const certificates = [...(stored?.match(CERTIFICATE) ?? []), ...(given.match(CERTIFICATE) ?? [])];
  return `${[...new Set(certificates.map((one) => one.trim()))].join("\n")}\n`;
}
