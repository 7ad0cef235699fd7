// A P-256 key and its PKCS#10 request (RFC 2986). One rule: the request carries no name; the control plane stamps the
// identity it authenticated, and the key never leaves this process but to its own 0600 file.

import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { TAG, writeDer } from "./der";

const ECDSA_WITH_SHA256 = Buffer.from("06082a8648ce3d040302", "hex");

export interface KeyAndRequest {
  readonly privateKeyPem: string;
  readonly csrPem: string;
}

export function makeKeyAndRequest(): KeyAndRequest {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    csrPem: makeRequest(privateKey),
  };
}

function makeRequest(privateKey: KeyObject): string {
  const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const info = writeDer(
    TAG.sequence,
    writeDer(TAG.integer, Uint8Array.of(0)),
    writeDer(TAG.sequence), // empty subject
    publicKey,
    writeDer(0xa0), // no attributes
  );
  const signature = sign("sha256", info, privateKey);
  const request = writeDer(
    TAG.sequence,
    info,
    writeDer(TAG.sequence, ECDSA_WITH_SHA256),
    writeDer(TAG.bitString, Uint8Array.of(0), signature),
  );
  const lines =
    Buffer.from(request)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join("\n")}\n-----END CERTIFICATE REQUEST-----\n`;
}
