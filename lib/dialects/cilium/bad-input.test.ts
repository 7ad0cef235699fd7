import { expect, test } from "vitest";
import { emptyMesh } from "@/lib/mesh";
import { importDocuments } from "..";
import { takesAnyValue } from "../testing/any-value";

const resource = (kind: string, name: string, rest: string, version = "cilium.io/v2") =>
  `---\napiVersion: ${version}\nkind: ${kind}\nmetadata: {name: ${name}, namespace: shop}\n${rest}\n`;
const rules =
  "{endpointSelector: {matchLabels: {app: api}}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}], toPorts: [{ports: [{port: '90', protocol: TCP}], rules: {http: [{method: GET, path: /a}]}}]}], egress: [{toFQDNs: [{matchName: a.example}]}], ingressDeny: [{fromEntities: [cluster]}]}";
const TEXT = [
  resource("Service", "api", "spec: {selector: {app: api}, ports: [{name: http, port: 90}]}", "v1"),
  resource("Service", "web", "spec: {selector: {app: web}, ports: [{name: http, port: 90}]}", "v1"),
  resource("CiliumNetworkPolicy", "api", `spec: ${rules}`),
  resource("CiliumNetworkPolicy", "more", `specs: [${rules}]`),
].join("");

const ALL = "endpointSelector: {}";
test.each([
  ["spec: {ingress: [{}]}", "spec.endpointSelector"],
  [`spec: {${ALL}, ingress: {}}`, "spec.ingress"],
  [`spec: {${ALL}, ingress: [deny]}`, "spec.ingress[0]"],
  [`spec: {${ALL}, ingress: [{fromEntities: [moon]}]}`, "spec.ingress[0].fromEntities"],
  [`spec: {${ALL}, ingress: [{fromEndpoints: [{matchLabels: [a]}]}]}`, "spec.ingress[0].fromEndpoints[0].matchLabels"],
  [`spec: {${ALL}, ingress: [{toPorts: [{ports: [{}]}]}]}`, "spec.ingress[0].toPorts[0].ports[0].port"],
  [
    `spec: {${ALL}, ingress: [{toPorts: [{ports: [{port: "1", protocol: ICMP}]}]}]}`,
    "spec.ingress[0].toPorts[0].ports[0].protocol",
  ],
  [
    `spec: {${ALL}, ingress: [{toPorts: [{rules: {http: [{method: 7}]}}]}]}`,
    "spec.ingress[0].toPorts[0].rules.http[0].method",
  ],
  [
    `spec: {endpointSelector: {matchExpressions: [{key: a, operator: Is}]}}`,
    "spec.endpointSelector.matchExpressions[0].operator",
  ],
  [`spec: {${ALL}, enableDefaultDeny: {ingress: maybe}}`, "spec.enableDefaultDeny.ingress"],
  ["specs: {}", "specs"],
  [`specs: [{${ALL}, egress: 5}]`, "specs[0].egress"],
])("a policy like %s is a problem at %s, with its line", (rest, path) => {
  const text = resource("CiliumNetworkPolicy", "bad", rest);
  const { violations, commands } = importDocuments("cilium", [{ text, file: "bad.yaml" }], {
    document: emptyMesh("shop"),
  });
  expect(violations[0]).toMatchObject({ path: `CiliumNetworkPolicy shop/bad#${path}`, file: "bad.yaml", line: 5 });
  expect(violations[0]?.fix).not.toBe("");
  expect(commands).toEqual([]);
});

test("no value at any place makes reading or writing throw, and what is read can be applied", () => {
  takesAnyValue("cilium", TEXT, ["*", "(a", ".*", "", 0, "web", "["], Number(process.env["RUNS"] ?? 40));
}, 30_000);
