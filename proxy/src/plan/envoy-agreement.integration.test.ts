// What we plan, Envoy loads; what Envoy refuses, we refuse. Runs only with ENVOY_BIN.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCa } from "../../test/support/certificates";
import { decodeBootstrap } from "../contract/decode";
import { planBootstrap } from "./plan-bootstrap";

const envoy = process.env["ENVOY_BIN"];
const TEMPLATE = readFileSync(new URL("./fixtures/mesh.yaml", import.meta.url), "utf8");
let folder: string;
let mesh: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "envoy-agreement-"));
  const ca = await createCa("agreement");
  const leaf = await ca.issue(["spiffe://mesh.local/ns/production/sa/checkout"]);
  const oneLine = (pem: string): string => JSON.stringify(pem);
  mesh = TEMPLATE.replace('"CERTIFICATE"', oneLine(leaf.certPem))
    .replace('"KEY"', oneLine(leaf.keyPem))
    .replace('"CA"', oneLine(ca.pem));
});

afterAll(() => rmSync(folder, { recursive: true }));

function isPlanned(text: string): boolean {
  const decoded = decodeBootstrap(text);
  return decoded.ok && planBootstrap(decoded.value).ok;
}

function envoySays(text: string): { accepts: boolean; output: string } {
  const path = join(folder, "envoy.yaml");
  writeFileSync(path, text);
  const run = spawnSync(envoy ?? "", ["--mode", "validate", "-c", path, "-l", "error"], { encoding: "utf8" });
  return { accepts: run.status === 0, output: run.stdout + run.stderr };
}

describe.skipIf(!envoy)("with ENVOY_BIN", () => {
  test("the sample sidecar loads on both", () => {
    expect(envoySays(mesh)).toMatchObject({ accepts: true });
    expect(isPlanned(mesh)).toBe(true);
  });

  const refused: [what: string, find: string, replace: string][] = [
    ["an unknown field", "stat_prefix: outbound", "stat_prefixx: outbound"],
    ["a missing stat_prefix", "stat_prefix: outbound", "server_name: x"],
    ["a bare yes for text", "stat_prefix: outbound", "stat_prefix: yes"],
    ["a duration in milliseconds", "connect_timeout: 1s", "connect_timeout: 250ms"],
    ["an unknown enum value", "type: STRICT_DNS", "type: STRICT"],
    ["an unknown cluster", "cluster: payment-v2,", "cluster: payment-v3,"],
    ["a bad regular expression", "/old/\\\\d+", "/old/(\\\\d+"],
    ["a domain twice", '"payment.*"]', "payment-service]"],
    ["two of a oneof", "cluster: payment-v2, prefix_rewrite: /v2/", "cluster: payment-v2, cluster_header: x-y"],
    ["a name in a STATIC cluster", "address: 127.0.0.1, port_value: 9001", "address: localhost, port_value: 9001"],
    ["a port out of range", "port_value: 9003", "port_value: 70000"],
    ["a direct response of 4097 bytes", "inline_string: ok", `inline_string: "${"x".repeat(4097)}"`],
    [
      "weights that add up to zero",
      "weight: 90}\n                    - name: payment-v2\n                      weight: 10",
      "weight: 0}\n                    - name: payment-v2\n                      weight: 0",
    ],
    ["an unknown log operator", '"%DURATION%"', '"%NO_SUCH_THING%"'],
    [
      "a retry back-off upside down",
      "num_retries: 2",
      "num_retries: 2\n                    retry_back_off: {base_interval: 2s, max_interval: 1s}",
    ],
    [
      "a policy without principals",
      "principals: [{header: {name: x-client, string_match: {prefix: old-}}}]",
      "principals: []",
    ],
    ["the same transport protocol twice", "transport_protocol: raw_buffer", "transport_protocol: tls"],
    ["a bad IP range", "address_prefix: 127.0.0.0", "address_prefix: 127.0.0.x"],
    ["a status of 99", "direct_response: {status: 200", "direct_response: {status: 99"],
    [
      "regex and prefix rewrite together",
      "cluster: payment-v2, prefix_rewrite: /v2/",
      "cluster: payment-v2, prefix_rewrite: /v2/, regex_rewrite: {pattern: {regex: a}, substitution: b}",
    ],
    ["a host header operation", "key: x-level", 'key: ":path"'],
  ];
  test.each(refused)("%s is refused by both", (_what, find, replace) => {
    expect(mesh).toContain(find);
    const text = mesh.replace(find, () => replace);
    expect({ ours: isPlanned(text), ...envoySays(text) }).toMatchObject({ ours: false, accepts: false });
  });

  const accepted: [what: string, find: string, replace: string][] = [
    ["text for a boolean and a number", "require_client_certificate: true", 'require_client_certificate: "true"'],
    ["a number in quotes", "port_value: 9003", 'port_value: "9003"'],
    ["deprecated header matchers", "string_match: {exact: beta-tester}", "exact_match: beta-tester"],
    ["a literal domain with a star inside", '"payment.*"]', '"a.*.test"]'],
    ["camel case names", "stat_prefix: outbound", "statPrefix: outbound"],
    ["an unknown retry condition", "retry_on: connect-failure", "retry_on: reset-before-request,connect-failure"],
    [
      "two virtual hosts of one name",
      "          route_config:\n            name: inbound\n            virtual_hosts:\n",
      "          route_config:\n            name: inbound\n            virtual_hosts:\n            - {name: app, domains: [x.test], routes: []}\n",
    ],
  ];
  test.each(accepted)("%s is taken by both", (_what, find, replace) => {
    expect(mesh).toContain(find);
    const text = mesh.replace(find, () => replace);
    expect({ ours: isPlanned(text), ...envoySays(text) }).toMatchObject({ ours: true, accepts: true });
  });
});

test.skipIf(envoy)("skipped: set ENVOY_BIN to Envoy's binary to compare with it", () => {});
