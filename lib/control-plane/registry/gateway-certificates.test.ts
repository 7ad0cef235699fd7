import { randomBytes } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { SecretSchema } from "@meshwright/proxy/contract";
import { expect, test } from "vitest";
import { boundEdge, httpsEdgeMesh } from "@/lib/compile/testing/https-edge";
import type { GatewayCertificateRow } from "@/lib/data/system";
import type { Logger } from "@/lib/observability/logger";
import { SECRET } from "../ads/snapshot";
import { sealKey } from "../ca/key-sealing";
import { Publishing } from "../testing/publishing";
import { GatewayCertificates, gatewayKeyPlace } from "./gateway-certificates";

const ENVIRONMENT = "environment";
const EDGE = "production/edge/0";
const sealingKey = randomBytes(32);

function row(name: string, change: Partial<GatewayCertificateRow> = {}): GatewayCertificateRow {
  const place = { environmentId: ENVIRONMENT, namespace: "production", gateway: "edge", name };
  const sealedKey = sealKey(Buffer.from(`key of ${name}`), sealingKey, gatewayKeyPlace(place));
  return { ...place, chainPem: `chain of ${name}`, sealedKey, clientCaPem: null, ...change };
}

function loader(rows: GatewayCertificateRow[]) {
  const told: unknown[] = [];
  const logger = { error: (what: unknown) => told.push(what) } as unknown as Logger;
  const data = { gatewayCertificates: { listByEnvironment: async () => rows } };
  return { told, certificates: new GatewayCertificates({ data, sealingKey, logger }) };
}

test("each is a secret of its gateway's proxy, with the key opened and the authorities of clients beside it", async () => {
  const { certificates } = loader([row("shop", { clientCaPem: "authorities" }), row("other", { gateway: "partners" })]);
  await certificates.load(ENVIRONMENT);
  const secrets = certificates.secretsOf(ENVIRONMENT);
  expect([...secrets.keys()]).toEqual([EDGE, "production/partners/0"]);
  const inline = (value: string) => ({ specifier: { case: "inlineString", value } });
  expect([...(secrets.get(EDGE) ?? [])].map(([name, bytes]) => [name, fromBinary(SecretSchema, bytes)])).toMatchObject([
    [
      "gateway-certificate/production/edge/shop",
      { type: { value: { certificateChain: inline("chain of shop"), privateKey: inline("key of shop") } } },
    ],
    ["gateway-certificate/production/edge/shop/clients", { type: { value: { trustedCa: inline("authorities") } } }],
  ]);
});

test("revocation lists are delivered beside the authorities that they were given with", async () => {
  const list = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";
  const { certificates } = loader([row("shop", { clientCaPem: `authorities\n${list}${list}` })]);
  await certificates.load(ENVIRONMENT);
  const bytes = certificates.secretsOf(ENVIRONMENT).get(EDGE)?.get("gateway-certificate/production/edge/shop/clients");
  const inline = (value: string) => ({ specifier: { case: "inlineString", value } });
  expect(fromBinary(SecretSchema, bytes ?? new Uint8Array())).toMatchObject({
    type: { value: { trustedCa: inline("authorities\n"), crl: inline(list + list) } },
  });
  const edge = boundEdge({ certificates: { shop: { stored: true, ca: true, crl: true } } });
  const binding = { instances: [], externals: [], gateways: [edge] };
  expect(certificates.deliverable(ENVIRONMENT, binding).gateways).toEqual([edge]);
  certificates.forget(ENVIRONMENT);
  expect(certificates.deliverable(ENVIRONMENT, binding).gateways).toEqual([{ ...edge, certificates: {} }]);
});

test("a key that was moved from another row is told, never delivered, and holds up no other", async () => {
  const { told, certificates } = loader([row("shop"), row("moved", { sealedKey: row("shop").sealedKey })]);
  await certificates.load(ENVIRONMENT);
  expect([...(certificates.secretsOf(ENVIRONMENT).get(EDGE)?.keys() ?? [])]).toEqual([
    "gateway-certificate/production/edge/shop",
  ]);
  expect(told).toEqual([expect.objectContaining({ gateway: "edge", certificate: "moved" })]);
});

test("a binding is served without what cannot be delivered: a proxy would wait for it", async () => {
  const broken = row("broken", { sealedKey: "v1.damaged" });
  const { certificates } = loader([row("shop", { clientCaPem: "authorities" }), row("plain"), broken]);
  await certificates.load(ENVIRONMENT);
  const stored = { stored: true, ca: true } as const;
  const files = { chain: "/shop.pem", key: "/shop-key.pem" };
  const edge = boundEdge({ certificates: { shop: stored, plain: stored, broken: stored, gone: stored, files } });
  const binding = { instances: [], externals: [], gateways: [edge, { namespace: "production", name: "other" }] };
  expect(certificates.deliverable(ENVIRONMENT, binding).gateways).toEqual([
    { ...edge, certificates: { shop: stored, plain: { stored: true }, files } },
    { namespace: "production", name: "other" },
  ]);
});

test("what is read again and equal is the same value; a forgotten environment has none", async () => {
  const rows = [row("shop")];
  const { certificates } = loader(rows);
  await certificates.load(ENVIRONMENT);
  const before = certificates.secretsOf(ENVIRONMENT);
  await certificates.load(ENVIRONMENT);
  expect(certificates.secretsOf(ENVIRONMENT)).toBe(before);
  rows[0] = row("shop");
  await certificates.load(ENVIRONMENT);
  expect(certificates.secretsOf(ENVIRONMENT)).not.toBe(before);
  certificates.forget(ENVIRONMENT);
  expect(certificates.secretsOf(ENVIRONMENT).size).toBe(0);
});

test("a renewed certificate changes what its gateway's proxy is sent, its secret alone, and nothing of anybody else", async () => {
  const rows = [row("shop")];
  const { certificates } = loader(rows);
  const publishing = new Publishing();
  const publish = async () => {
    await certificates.load(ENVIRONMENT);
    publishing.ownSecrets = certificates.secretsOf(ENVIRONMENT);
    publishing.publish();
    return new Map(publishing.registry.all().map(({ proxyKey, current }) => [proxyKey, current]));
  };
  const document = httpsEdgeMesh();
  publishing.place(document, await publishing.take(document));
  const before = await publish();
  rows[0] = row("shop", { chainPem: "a renewed chain" });
  const after = await publish();
  const holders = [...after].filter(([, held]) =>
    [...(held?.resources[SECRET].keys() ?? [])].some((name) => name.startsWith("gateway-certificate/")),
  );
  expect(holders.map(([proxyKey]) => proxyKey)).toEqual([EDGE]);
  for (const [proxyKey, held] of after) {
    if (proxyKey !== EDGE) expect(held, proxyKey).toBe(before.get(proxyKey));
  }
  const { [SECRET]: secrets, ...others } = after.get(EDGE)?.resources ?? ({} as never);
  const { [SECRET]: secretsBefore, ...othersBefore } = before.get(EDGE)?.resources ?? ({} as never);
  expect(others).toEqual(othersBefore);
  expect(secrets).not.toEqual(secretsBefore);
  publishing.stop();
});
