// Certificates of the cases, made once per run. Rule: names say who shows them; nothing of them is in the recorded answers.

import { createHash, X509Certificate } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCa, spiffe } from "../support/certificates";

export interface Material {
  /** "server.cert", "server.key", "client.cert", "client.key", "ca.cert", "other-ca.cert", "stranger.cert"... */
  pem(name: string): string;
  file(name: string): string;
}

/** As `openssl dgst -sha256 -binary | openssl enc -base64` of a public key. */
const keyHash = ({ publicKey }: X509Certificate): string =>
  createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64");

export async function createMaterial(folder: string): Promise<Material> {
  mkdirSync(folder, { recursive: true });
  const [ca, other] = [await createCa("mesh"), await createCa("other")];
  const middle = await ca.subordinate("middle");
  const deep = await middle.issue([spiffe("deep")]);
  const leaves = {
    deep: { ...deep, certPem: `${deep.certPem}\n${middle.pem}` },
    server: await ca.issue([spiffe("server")], { subject: "CN=server" }),
    client: await ca.issue([spiffe("client")], { subject: "CN=client" }),
    named: await ca.issue([spiffe("named")], { dns: ["named.test", "also.test"] }),
    second: await ca.issue([spiffe("second")], { subject: "CN=second" }),
    // A public server, and clients outside a mesh: no SPIFFE IDs.
    plain: await ca.issue([], { dns: ["plain.test"] }),
    mailed: await ca.issue([], { email: ["one@mail.test"] }),
    addressed: await ca.issue([], { ip: ["2001:db8::1"] }),
    twofold: await ca.issue(["https://one.test/a", "https://one.test/b"]),
    stranger: await other.issue([spiffe("client")]),
  };
  const all = new Map<string, string>([
    ["ca.cert", ca.pem],
    ["other-ca.cert", other.pem],
    // Lists of revoked certificates, by what is on them.
    ["none.crl", await ca.revoke([])],
    ["other.crl", await other.revoke([])],
    ["expired.crl", await ca.revoke([], -10)],
    ["second.crl", await ca.revoke([leaves.second.serial])],
    ["server.crl", await ca.revoke([leaves.server.serial])],
    ["both.crl", `${await ca.revoke([])}\n${await middle.revoke([])}`],
    ["deep.crl", `${await ca.revoke([])}\n${await middle.revoke([deep.serial])}`],
    ["ca-and-second.crl", `${ca.pem}\n${await ca.revoke([leaves.second.serial])}`],
  ]);
  for (const [name, leaf] of Object.entries(leaves)) {
    const certificate = new X509Certificate(leaf.certPem);
    all.set(`${name}.hash`, certificate.fingerprint256);
    all.set(`${name}.spki`, keyHash(certificate));
    all.set(`${name}.cert`, leaf.certPem);
    all.set(`${name}.key`, leaf.keyPem);
  }
  for (const [name, pem] of all) writeFileSync(join(folder, name), pem, { mode: 0o600 });
  // Both sides read them there: Envoy inherits it.
  process.env["CONFORMANCE_CERTIFICATE"] = leaves.server.certPem;
  process.env["CONFORMANCE_KEY"] = leaves.server.keyPem;
  const pem = (name: string): string => {
    const found = all.get(name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  };
  return { pem, file: (name) => join(folder, name) };
}
