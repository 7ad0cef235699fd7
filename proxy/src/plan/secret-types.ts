// Secrets as configured and as delivered. Rule: key material is never part of the plan itself.

import type { CertificatePin, SanMatcher } from "./connection-types";

/** A secret as configured: the data may be in a file or an environment variable, which the plan does not read. */
export type SecretSource =
  | { readonly kind: "certificate"; readonly chain: DataSourcePlan; readonly privateKey: DataSourcePlan }
  | ValidationSource
  | { readonly kind: "generic"; readonly value: DataSourcePlan };

export interface ValidationSource {
  readonly kind: "validation";
  /** null only with pins: then who signed is not asked. */
  readonly trustedCa: DataSourcePlan | null;
  readonly crl: DataSourcePlan | null;
  readonly sanMatchers: readonly SanMatcher[];
  readonly pins: readonly CertificatePin[];
}

export type DataSourcePlan =
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "environment"; readonly variable: string };

/** Secrets are delivered beside the plan, so that a rotation is not a config swap. PEM text. */
export type Secret = CertificateSecret | ValidationSecret | GenericSecret;

export interface CertificateSecret {
  readonly kind: "certificate";
  readonly name: string;
  readonly chainPem: string;
  readonly privateKeyPem: string;
}

export interface ValidationSecret {
  readonly kind: "validation";
  readonly name: string;
  /** "": who signed is not asked, one of the pins is all that counts. */
  readonly trustedCaPem: string;
  /** Certificate revocation lists, one each. Where there is one, every authority of a peer's chain needs one. */
  readonly crlPems?: readonly string[];
  /** SAN matchers that came with the secret itself; a peer must match one of these or of the TLS plan's. */
  readonly sanMatchers: readonly SanMatcher[];
  /** Pins that came with the secret itself, beside those of the TLS plan. */
  readonly pins?: readonly CertificatePin[];
}

export interface GenericSecret {
  readonly kind: "generic";
  readonly name: string;
  readonly value: Uint8Array;
}
