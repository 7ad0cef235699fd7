// Secret sources -> PEM text, read from files and the environment. One rule: what TLS would refuse later is refused here,
// with the path.

import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
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
      const { sanMatchers, pins } = source;
      const trustedCaPem = source.trustedCa === null ? "" : text(source.trustedCa);
      for (const pem of source.trustedCa === null ? [] : certificatesOf(trustedCaPem)) {
        new X509Certificate(pem);
      }
      // As Envoy: lists may stand among the certificates too.
      const crlPems = [...listsOf(trustedCaPem), ...(source.crl === null ? [] : givenListsOf(text(source.crl)))];
      checkLists(crlPems);
      return { kind: "validation", name, trustedCaPem, crlPems, sanMatchers, pins };
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

function listsOf(pem: string): string[] {
  return pem.match(/-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g) ?? [];
}

function givenListsOf(pem: string): string[] {
  const found = listsOf(pem);
  if (found.length === 0) throw new Error("crl holds no PEM certificate revocation list; give one or more (X509 CRL)");
  return found;
}

function checkLists(pems: readonly string[]): void {
  for (const [index, crl] of pems.entries()) {
    try {
      createSecureContext({ crl });
    } catch {
      throw new Error(`the certificate revocation list number ${index + 1} cannot be read`);
    }
  }
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
