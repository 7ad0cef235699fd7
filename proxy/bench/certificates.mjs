// Throw-away mesh certificates in a folder: ca.pem, a.pem/a.key (caller), b.pem/b.key (callee).

import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export const callerId = "spiffe://bench.local/ns/bench/sa/caller";
export const calleeId = "spiffe://bench.local/ns/bench/sa/callee";

export async function makeCertificates(folder) {
  x509.cryptoProvider.set(webcrypto);
  const generate = () => webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const keys = await generate();
  const span = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 86_400_000) };
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=bench",
    ...span,
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 2, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  await writeFile(join(folder, "ca.pem"), root.toString("pem"));
  for (const [name, uri, serial] of [
    ["a", callerId, "0a"],
    ["b", calleeId, "0b"],
  ]) {
    const own = await generate();
    const leaf = await x509.X509CertificateGenerator.create({
      serialNumber: serial,
      subject: `CN=${name}`,
      issuer: root.subject,
      ...span,
      signingAlgorithm: algorithm,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: "url", value: uri }]),
      ],
    });
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", own.privateKey)).toString("base64");
    await writeFile(join(folder, `${name}.pem`), leaf.toString("pem"));
    await writeFile(
      join(folder, `${name}.key`),
      `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/(.{64})/g, "$1\n")}\n-----END PRIVATE KEY-----\n`,
    );
  }
}
