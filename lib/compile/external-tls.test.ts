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
  const bank = { namespace: "production", name: "bank", endpoints: [], ...(files ? { tls: files } : {}) };
  const externals = [...input.binding.externals, bank];
  const result = compile({ ...input, binding: { ...input.binding, externals } }, "production/shipping-v1/0");
  if (!result.ok) throw new Error(JSON.stringify(result.violations, null, 2));
  const clusters = Object.entries(
    resourcesToJson(result.resources).clusters as Record<string, Record<string, unknown>>,
  );
  const warnings = result.warnings.filter(({ path }) => path.startsWith("ExternalService/production/bank"));
  return {
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
