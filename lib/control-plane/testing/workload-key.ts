// A workload's side of enrollment, for tests: makes a P-256 key and a CSR, optionally one that lies about its names.

import "reflect-metadata";
import { generateKeyPairSync, webcrypto } from "node:crypto";
import { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from "@peculiar/x509";

export interface WorkloadKey {
  keyPem: string;
  csrPem: string;
}

export async function createWorkloadKey(claimedSpiffeId?: string): Promise<WorkloadKey> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const signing = await webcrypto.subtle.importKey(
    "pkcs8",
    privateKey.export({ format: "der", type: "pkcs8" }),
    algorithm,
    true,
    ["sign"],
  );
  const verifying = await webcrypto.subtle.importKey(
    "spki",
    publicKey.export({ format: "der", type: "spki" }),
    algorithm,
    true,
    ["verify"],
  );
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: "CN=ignored",
    keys: { privateKey: signing as CryptoKey, publicKey: verifying as CryptoKey },
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: claimedSpiffeId ? [new SubjectAlternativeNameExtension([{ type: "url", value: claimedSpiffeId }])] : [],
  });
  return { keyPem: privateKey.export({ format: "pem", type: "pkcs8" }).toString(), csrPem: request.toString("pem") };
}
