import { expect, test } from "vitest";
import { demoMesh, type ExternalTls, type SpecOf } from "@/lib/mesh";
import { compile } from "./compile";
import { resourcesToJson } from "./resources";
import { inputFor } from "./testing/inputs";
import { object, withObjects } from "./testing/rich";
import type { ExternalTlsFiles } from "./types";

const HTTP = { name: "http", port: 80, protocol: "http" as const };
const FILES = { ca: "/etc/ca.pem", chain: "/etc/us.pem", key: "/etc/us-key.pem" };

/** What the proxy of shipping gets of the bank: a transport socket by cluster (null: plain text), and what was warned of. */
function compiled(
  tls: ExternalTls | undefined,
  files?: ExternalTlsFiles,
  changed?: Partial<SpecOf<"ExternalService">>,
  endpoints: { host: string; port: number }[] = [],
) {
  const to = { kind: "ExternalService" as const, name: "bank" };
  const input = inputFor(
    withObjects(demoMesh(), [
      object("ExternalService", "bank", {
        hosts: ["bank.example"],
        ports: [HTTP],
        ...(tls ? { tls } : {}),
        ...changed,
      }),
      object("Dependency", "shipping-to-bank", { from: { kind: "Service", name: "shipping" }, to }),
      object("Egress", "bank", { to }),
    ]),
  );
  const bank = { namespace: "production", name: "bank", endpoints, ...(files ? { tls: files } : {}) };
  const externals = [...input.binding.externals, bank];
  const result = compile({ ...input, binding: { ...input.binding, externals } }, "production/shipping-v1/0");
  if (!result.ok) throw new Error(JSON.stringify(result.violations, null, 2));
  const clusters = Object.entries(
    resourcesToJson(result.resources).clusters as Record<string, Record<string, unknown>>,
  );
  const warnings = result.warnings.filter(({ path }) => path.startsWith("ExternalService/production/bank"));
  return {
    types: Object.fromEntries(clusters.map(([name, { type }]) => [name, type])),
    sockets: Object.fromEntries(
      clusters
        .filter(([name]) => name.endsWith("|bank.example"))
        .map(([name, cluster]) => [
          name,
          (cluster["transport_socket"] as { typed_config?: object } | undefined)?.typed_config ?? null,
        ]),
    ),
    warnings: warnings.map(({ path, message, fix }) => `${path.split("#")[1]}: ${message}. ${fix}`),
  };
}

const SAN = (san_type: string, exact: string) => ({ san_type, matcher: { exact } });

test("by default the host is asked for, and its certificate is of a public authority", () => {
  const { sockets, warnings } = compiled({ mode: "simple" });
  expect(warnings).toEqual([]);
  expect(sockets["external|80||bank.example"]).toMatchObject({
    sni: "bank.example",
    max_session_keys: 0,
    common_tls_context: {
      alpn_protocols: ["http/1.1"],
      validation_context: {
        trusted_ca: { filename: "/etc/ssl/certs/ca-certificates.crt" },
        match_typed_subject_alt_names: [SAN("DNS", "bank.example")],
      },
    },
  });
});

test("names of every kind, the environment's authorities and its certificate", () => {
  const subjectAltNames = ["a.example", "spiffe://b/c", "d@e.example", "192.0.2.1"];
  const tls: ExternalTls = { mode: "mutual", authorities: "environment", subjectAltNames, sni: "inner.example" };
  const ports = [{ ...HTTP, protocol: "grpc" as const }];
  expect(compiled(tls, FILES, { ports }).sockets["external|80||bank.example"]).toMatchObject({
    sni: "inner.example",
    common_tls_context: {
      alpn_protocols: ["h2"],
      tls_certificates: [{ certificate_chain: { filename: FILES.chain }, private_key: { filename: FILES.key } }],
      validation_context: {
        trusted_ca: { filename: FILES.ca },
        match_typed_subject_alt_names: [
          SAN("DNS", "a.example"),
          SAN("URI", "spiffe://b/c"),
          SAN("EMAIL", "d@e.example"),
          SAN("IP_ADDRESS", "192.0.2.1"),
        ],
      },
    },
  });
});

test("the app speaks TLS itself at a tcp port, and plain text leaves where the design has no tls", () => {
  const ports = [HTTP, { name: "https", port: 443, protocol: "tcp" as const }];
  const { sockets } = compiled({ mode: "simple" }, undefined, { ports });
  expect(sockets["external|443||bank.example"]).toBeNull();
  expect(sockets["external|80||bank.example"]).not.toBeNull();
  expect(compiled(undefined, FILES).sockets).toEqual({ "external|80||bank.example": null });
});

test.each<[ExternalTls, ExternalTlsFiles | undefined, RegExp]>([
  [{ mode: "simple", authorities: "environment" }, undefined, /^spec\.tls\.authorities: .*who signs.*"ca": file/],
  [{ mode: "mutual" }, { ca: "/etc/ca.pem", chain: "/etc/us.pem" }, /^spec\.tls\.mode: .*no certificate.*"key": file/],
])("what the environment lacks is told with what to say there, and nothing is sent", (tls, files, words) => {
  const { sockets, warnings } = compiled(tls, files);
  expect(sockets).toEqual({});
  expect(warnings).toEqual([expect.stringMatching(words)]);
});

const PROXIED = { "@type": expect.stringMatching(/\.ProxyProtocolUpstreamTransport$/) };

test.each(["v1", "v2"] as const)("the PROXY protocol %s stands around TLS, and around plain text", (proxyProtocol) => {
  // V1 is the default, which JSON leaves out
  const config = proxyProtocol === "v1" ? {} : { version: "V2" };
  const ports = [HTTP, { name: "https", port: 443, protocol: "tcp" as const }];
  const { sockets, warnings } = compiled({ mode: "simple" }, undefined, { ports, proxyProtocol });
  expect(warnings).toEqual([]);
  expect(Object.values(sockets).map((socket) => (socket as { config?: object } | null)?.config)).toEqual([
    config,
    config,
  ]);
  expect(sockets).toMatchObject({
    "external|80||bank.example": {
      ...PROXIED,
      config,
      transport_socket: { typed_config: { sni: "bank.example" } },
    },
    "external|443||bank.example": {
      ...PROXIED,
      config,
      transport_socket: { typed_config: { "@type": expect.stringMatching(/\.RawBuffer$/) } },
    },
  });
});

test("one address at a time is LOGICAL_DNS, of a name; an address is itself, and several endpoints share the calls, which is told", () => {
  const name = "external|80||bank.example";
  const own = { resolution: "dns-round-robin" } as const;
  expect(compiled(undefined).types[name]).toBe("STRICT_DNS");
  expect(compiled(undefined, undefined, own)).toMatchObject({ types: { [name]: "LOGICAL_DNS" }, warnings: [] });
  const at = (host: string) => ({ host, port: 80 });
  const withBound = (...hosts: string[]) => compiled(undefined, undefined, own, hosts.map(at));
  expect(withBound("pay.example")).toMatchObject({ types: { [name]: "LOGICAL_DNS" }, warnings: [] });
  expect(withBound("192.0.2.1")).toMatchObject({ types: { [name]: "STATIC" }, warnings: [] });
  expect(withBound("a.example", "b.example")).toMatchObject({
    types: { [name]: "STRICT_DNS" },
    warnings: [expect.stringMatching(/^spec\.resolution: port 80 has 2 endpoints .*share the calls\. Leave one/)],
  });
});
