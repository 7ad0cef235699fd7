import { expect, test } from "vitest";
import { collector } from "./collector";

const PEM = "-----BEGIN CERTIFICATE-----\nMIIB+/=\n-----END CERTIFICATE-----\n";
const taken = (tls: unknown) => collector.safeParse({ host: "otel.test", port: 4317, protocol: "grpc", tls }).success;

test("TLS to a collector trusts public authorities, a file or what is written", () => {
  for (const tls of [
    undefined,
    {},
    { serverName: "otel.internal" },
    { ca: { type: "file", path: "/etc/otel/ca.pem" } },
    { ca: { type: "inline", pem: PEM + PEM } },
  ]) {
    expect(taken(tls), JSON.stringify(tls)).toBe(true);
  }
});

test("nothing else is an authority: no key, no relative path, no way up, no other word", () => {
  for (const tls of [
    true,
    { insecure: true },
    { ca: { type: "system" } },
    { ca: { type: "file", path: "ca.pem" } },
    { ca: { type: "file", path: "/etc/../root/ca.pem" } },
    { ca: { type: "inline", pem: "" } },
    { ca: { type: "inline", pem: `${PEM}-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n` } },
    { ca: { type: "inline", pem: PEM.repeat(2_000) } },
    { serverName: "otel.test:4317" },
    { serverName: "*.otel.test" },
  ]) {
    expect(taken(tls), JSON.stringify(tls).slice(0, 80)).toBe(false);
  }
});
