// Identities from the control plane's own certificate code: the chains that sidecars really get.
import {
  createIssuer,
  createRoot,
  exportPrivateKey,
  generateKeyPair,
  issueLeaf,
  loadSigner,
} from "@/lib/control-plane/ca/x509";
import type { Identity } from "./echo-server";

const LIFETIME_MS = 3_600_000;

export type TestAuthority = { issue(spiffeId: string): Promise<Identity> };

export async function createAuthority(trustDomain: string): Promise<TestAuthority> {
  const now = Date.now();
  const root = await createRoot(trustDomain, "A", now, LIFETIME_MS);
  const pair = await createIssuer(await loadSigner(root), trustDomain, "test", now, LIFETIME_MS);
  const issuer = await loadSigner(pair);
  return {
    async issue(spiffeId) {
      const keys = await generateKeyPair();
      const leaf = await issueLeaf(issuer, { publicKey: keys.publicKey, spiffeId, now, lifetimeMs: LIFETIME_MS });
      const der = (await exportPrivateKey(keys.privateKey)).toString("base64");
      return {
        certPem: `${leaf.pem}\n${pair.certificatePem}\n`,
        keyPem: `-----BEGIN PRIVATE KEY-----\n${der.replace(/(.{64})/g, "$1\n")}\n-----END PRIVATE KEY-----\n`,
        caPem: root.certificatePem,
      };
    },
  };
}
