import { expect, test } from "vitest";
import { object, withObjects } from "@/lib/compile/testing/rich";
import { demoMesh, parseObject, type SpecOf, validateDocument } from "..";

type External = SpecOf<"ExternalService">;
const HTTP = { name: "http", port: 80, protocol: "http" as const };
const TCP = { name: "tls", port: 443, protocol: "tcp" as const };

function problems(tls: External["tls"] | undefined, changed: Partial<External> = {}): string[] {
  const spec = { hosts: ["bank.example"], ports: [HTTP, TCP], ...(tls ? { tls } : {}), ...changed };
  return validateDocument(withObjects(demoMesh(), [object("ExternalService", "bank", spec)])).map(
    ({ path, message, fix }) => `${path.split("#")[1] ?? path}: ${message}. ${fix}`,
  );
}

test("TLS to a host by its own name is whole with a mode", () => {
  expect(problems({ mode: "simple" })).toEqual([]);
  expect(
    problems({ mode: "mutual", sni: "a.example", subjectAltNames: ["spiffe://b/c"], authorities: "environment" }),
  ).toEqual([]);
});

test("ports at which nobody would make it are told", () => {
  expect(problems({ mode: "simple" }, { ports: [TCP] })).toEqual([
    expect.stringMatching(/spec\.tls: is for ports that speak HTTP, and there is none: .* take tls away\.$/),
  ]);
});

test("a pattern does not say whom to ask for", () => {
  expect(problems({ mode: "simple" }, { hosts: ["*.bank.example"] })).toEqual([
    expect.stringMatching(/spec\.tls\.sni: is missing: host \*\.bank\.example is a pattern.* Name the server/),
  ]);
  expect(problems({ mode: "simple", sni: "any.bank.example" }, { hosts: ["*.bank.example"] })).toEqual([]);
});

test.each([
  ["subjectAltNames", { subjectAltNames: ["a.example"] }],
  ["authorities", { authorities: "public" as const }],
])("insecureSkipVerify beside %s contradicts itself", (field, more) => {
  expect(problems({ mode: "simple", insecureSkipVerify: true, ...more })).toEqual([
    expect.stringContaining(`spec.tls.insecureSkipVerify: verifies nothing, and ${field} says by what to verify.`),
  ]);
});

test.each([
  ["spec.tls.mode", { mode: "disable" }],
  ["spec.tls.sni", { mode: "simple", sni: "*.bank.example" }],
  ["spec.tls.sni", { mode: "simple", sni: "bank.example:443" }],
  ["spec.tls.subjectAltNames", { mode: "simple", subjectAltNames: [] }],
  ["spec.tls.caCertificates", { mode: "simple", caCertificates: "/etc/ca.pem" }],
])("what is no such field or value is refused: %s", (path, tls) => {
  const external = object("ExternalService", "bank", { hosts: ["bank.example"], ports: [HTTP] });
  const parsed = parseObject({ ...external, spec: { ...external.spec, tls } });
  expect(parsed.ok ? [] : parsed.issues.map((each) => each.path.join("."))).toEqual([path]);
});

test("one address at a time is of one endpoint for each port", () => {
  const at = (port: number, address = "pay.bank.example") => ({ address, port });
  const told = (more: Partial<External>) => problems(undefined, { resolution: "dns-round-robin", ...more });
  expect(told({})).toEqual([]);
  expect(told({ endpoints: [at(80), at(443)] })).toEqual([]);
  expect(told({ endpoints: [at(443), at(443, "other.example")] })).toEqual([
    expect.stringMatching(
      /spec\.resolution: uses one address at a time, and port 443 has several .* take resolution away\.$/,
    ),
  ]);
  // with an only port they are all its own
  expect(told({ ports: [HTTP], endpoints: [at(8080), at(8081)] })).toHaveLength(1);
});
