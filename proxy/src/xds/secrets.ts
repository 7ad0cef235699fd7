// Secret sources -> PEM text, read from files and the environment. One rule: what TLS would refuse later is refused here,
// with the path.

import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Violation } from "../contract/violations";
import type { DataSourcePlan, Secret, SecretSource } from "../plan/types";

export type ReadSecret =
  | { readonly ok: true; readonly secret: Secret }
  | { readonly ok: false; readonly violation: Violation };

export function readSecret(name: string, source: SecretSource): ReadSecret {
  try {
    return { ok: true, secret: toSecret(name, source) };
  } catch (error) {
    return { ok: false, violation: { path: `secret ${JSON.stringify(name)}`, message: (error as Error).message } };
  }
}

function toSecret(name: string, source: SecretSource): Secret {
  switch (source.kind) {
    case "certificate": {
      const chainPem = text(source.chain);
      const privateKeyPem = text(source.privateKey);
      if (!new X509Certificate(chainPem).checkPrivateKey(createPrivateKey(privateKeyPem))) {
        throw new Error("the certificate is not for the private key; give the two that belong together");
      }
      return { kind: "certificate", name, chainPem, privateKeyPem };
    }
    case "validation": {
      const trustedCaPem = text(source.trustedCa);
      for (const pem of certificatesOf(trustedCaPem)) {
        new X509Certificate(pem);
      }
      return { kind: "validation", name, trustedCaPem, sanMatchers: source.sanMatchers };
    }
    case "generic":
      return { kind: "generic", name, value: bytes(source.value) };
  }
}

function certificatesOf(pem: string): string[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (!found) {
    throw new Error("trusted_ca holds no PEM certificate; give one or more CA certificates");
  }
  return found;
}

function text(source: DataSourcePlan): string {
  return Buffer.from(bytes(source)).toString("utf8");
}

function bytes(source: DataSourcePlan): Uint8Array {
  switch (source.kind) {
    case "inline":
      return source.bytes;
    case "file":
      return readFileSync(source.path);
    case "environment": {
      const value = process.env[source.variable];
      if (value === undefined) {
        throw new Error(`the environment variable ${source.variable} is not set`);
      }
      return Buffer.from(value);
    }
  }
}
