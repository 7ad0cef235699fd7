import { expect, test } from "vitest";
import { emptyMesh } from "@/lib/mesh";
import { importDocuments } from "..";
import { takesAnyValue } from "../testing/any-value";

const resource = (kind: string, name: string, spec: string, version = "policy.linkerd.io/v1alpha1") =>
  `---\napiVersion: ${version}\nkind: ${kind}\nmetadata: {name: ${name}, namespace: shop}\nspec: ${spec}\n`;
const onApi = "{group: policy.linkerd.io, kind: Server, name: api}";
const TEXT = [
  resource("Service", "api", "{selector: {app: api}, ports: [{name: http, port: 90}]}", "v1"),
  resource("Server", "api", "{podSelector: {matchLabels: {app: api}}, port: 90}", "policy.linkerd.io/v1beta3"),
  resource(
    "HTTPRoute",
    "all",
    `{parentRefs: [${onApi}], rules: [{matches: [{path: {value: /a}}]}]}`,
    "policy.linkerd.io/v1beta3",
  ),
  resource(
    "AuthorizationPolicy",
    "all",
    "{targetRef: {kind: HTTPRoute, name: all}, requiredAuthenticationRefs: [{kind: ServiceAccount, name: web}]}",
  ),
  resource("HTTPLocalRateLimitPolicy", "api", `{targetRef: ${onApi}, total: {requestsPerSecond: 5}}`),
].join("");

test.each([
  ["Server", "{podSelector: {}}", "spec.port"],
  ["Server", "{podSelector: {}, port: 90, accessPolicy: maybe}", "spec.accessPolicy"],
  ["Server", "{podSelector: [], port: 90}", "spec.podSelector"],
  ["AuthorizationPolicy", "{requiredAuthenticationRefs: []}", "spec.targetRef"],
  ["AuthorizationPolicy", "{targetRef: {kind: Server}, requiredAuthenticationRefs: []}", "spec.targetRef.name"],
  [
    "AuthorizationPolicy",
    "{targetRef: {kind: Server, name: a}, requiredAuthenticationRefs: {}}",
    "spec.requiredAuthenticationRefs",
  ],
  ["MeshTLSAuthentication", "{identities: web}", "spec.identities"],
  ["MeshTLSAuthentication", "{identityRefs: [{kind: User, name: web}]}", "spec.identityRefs[0].kind"],
  ["NetworkAuthentication", "{networks: [{}]}", "spec.networks[0].cidr"],
  ["ServerAuthorization", "{server: {name: api}}", "spec.client"],
  ["HTTPRoute", "{parentRefs: [{group: policy.linkerd.io, kind: Server}]}", "spec.parentRefs[0].name"],
])("a %s like %s is a problem at %s, with its line", (kind, spec, path) => {
  const versions: Record<string, string> = { Server: "v1beta3", ServerAuthorization: "v1beta1", HTTPRoute: "v1beta3" };
  const text = resource(kind, "bad", spec, `policy.linkerd.io/${versions[kind] ?? "v1alpha1"}`);
  const { violations, commands } = importDocuments("linkerd", [{ text, file: "bad.yaml" }], {
    document: emptyMesh("shop"),
  });
  expect(violations[0]).toMatchObject({ path: `${kind} shop/bad#${path}`, file: "bad.yaml", line: 5 });
  expect(violations[0]?.fix).not.toBe("");
  expect(commands).toEqual([]);
});

test("no value at any place makes reading or writing throw, and what is read can be applied", () => {
  takesAnyValue("linkerd", TEXT, ["*", "deny", "a/b", "", 0, "web"]);
}, 30_000);
