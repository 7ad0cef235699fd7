// Certificates in force, and one SecureContext per rotation and use (contexts per connection pile up: platform notes).
// Rule: a context is built when a secret changes, never during a request; connections keep the one they began with.

import { constants, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import type { CertificatePin, SanMatcher, Secret, TlsPlan, ValidationSecret } from "../plan/types";
import { readPeerCertificate, trustDomainOf } from "./peer-certificate";

// AES-128 first: half the work of AES-256 on machines with AES-NI, and as strong as P-256 (platform notes).
const ciphers = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
].join(":");

export interface DenyListSets {
  readonly serials: ReadonlySet<string>;
  readonly spiffeIds: ReadonlySet<string>;
}

export class SecretStore {
  private secrets: ReadonlyMap<string, Secret> = new Map();
  private contexts = new Map<string, SecureContext>();
  private trustDomains = new Map<string, string>();
  denyList: DenyListSets = { serials: new Set(), spiffeIds: new Set() };
  generation = 0;

  replace(secrets: ReadonlyMap<string, Secret>): void {
    this.secrets = secrets;
    this.contexts = new Map();
    this.trustDomains = new Map();
    this.generation++;
  }

  get all(): ReadonlyMap<string, Secret> {
    return this.secrets;
  }

  certificate(name: string | null): { chainPem: string; privateKeyPem: string } | null {
    const secret = name === null ? undefined : this.secrets.get(name);
    return secret?.kind === "certificate" ? secret : null;
  }

  private validation({ validationSecret }: TlsPlan): ValidationSecret | null {
    const secret = validationSecret === null ? undefined : this.secrets.get(validationSecret);
    return secret?.kind === "validation" ? secret : null;
  }

  /** Not where pins are all there is: then who signed a certificate is not asked. */
  asksWhoSigned(plan: TlsPlan): boolean {
    return plan.validationSecret !== null && this.validation(plan)?.trustedCaPem !== "";
  }

  /** SPIFFE ID of an own certificate; "" when it has none. */
  spiffeIdOf(name: string | null): string {
    const own = this.certificate(name);
    if (own === null || own.chainPem === "") return "";
    return readPeerCertificate(new X509Certificate(own.chainPem)).spiffeId;
  }

  trustDomain(name: string | null): string {
    const key = name ?? "";
    let found = this.trustDomains.get(key);
    if (found === undefined) {
      found = trustDomainOf(this.spiffeIdOf(name));
      this.trustDomains.set(key, found);
    }
    return found;
  }

  sanMatchers(plan: TlsPlan): readonly SanMatcher[] {
    const own = this.validation(plan)?.sanMatchers ?? [];
    return own.length === 0 ? plan.sanMatchers : [...plan.sanMatchers, ...own];
  }

  pins(plan: TlsPlan): readonly CertificatePin[] {
    const own = this.validation(plan)?.pins ?? [];
    const said = plan.pins ?? [];
    return own.length === 0 ? said : [...said, ...own];
  }

  contextOptions(plan: TlsPlan): SecureContextOptions {
    const own = this.certificate(plan.identitySecret);
    const validation = this.validation(plan);
    const ca = validation?.trustedCaPem ?? "";
    const crlPems = validation?.crlPems ?? [];
    return {
      ...(own === null ? {} : { cert: own.chainPem, key: own.privateKeyPem }),
      ...(ca === "" ? {} : { ca }),
      // OpenSSL then wants a list of every authority in the chain, as Envoy does. One PEM each: it reads no further.
      ...(crlPems.length === 0 ? {} : { crl: [...crlPems] }),
      minVersion: plan.minVersion,
      maxVersion: plan.maxVersion,
      ciphers,
      // A resumed session skips verification in Node: no tickets, no resumption (platform notes).
      secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
      honorCipherOrder: true,
      ecdhCurve: "X25519:P-256",
    };
  }

  context(plan: TlsPlan): SecureContext {
    const key = `${plan.identitySecret}|${plan.validationSecret}|${plan.minVersion}|${plan.maxVersion}`;
    let found = this.contexts.get(key);
    if (found === undefined) {
      found = createSecureContext(this.contextOptions(plan));
      this.contexts.set(key, found);
    }
    return found;
  }

  isDenied(serial: string, spiffeId: string): boolean {
    return this.denyList.serials.has(serial) || this.denyList.spiffeIds.has(spiffeId);
  }
}
