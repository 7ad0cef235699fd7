// What the simulator says of exceptions, addresses, patterns and conditions, the compiled filters on our proxy, and on Envoy where
// ENVOY_BIN names it: alike. Rule: every rule has a path of its own, so that one design holds them all; the caller is this machine.
import { afterAll, describe, expect, test } from "vitest";
import { kinds } from "../../proxy/test/support/both-proxies";
import { cleanUp } from "../../proxy/test/support/network";
import { send } from "../../proxy/test/support/send";
import { object } from "../compile/testing/rich";
import type { AuthorizationRule } from "../mesh";
import { ask } from "./ask";
import { buildScene } from "./scene";
import { demoWith, get } from "./testing/designs";
import { startFiltered } from "./testing/filtered-sidecar";

afterAll(cleanUp);

const from = (source: NonNullable<AuthorizationRule["from"]>[number]): AuthorizationRule => ({ from: [source] });
const to = (operation: NonNullable<AuthorizationRule["to"]>[number]): AuthorizationRule => ({ to: [operation] });
const when = (...conditions: NonNullable<AuthorizationRule["when"]>): AuthorizationRule => ({ when: conditions });

const RULES: Record<string, AuthorizationRule> = {
  near: from({ addresses: ["127.0.0.0/8"] }),
  far: from({ addresses: ["10.0.0.0/8", "::1"] }),
  "not-near": from({ notAddresses: ["127.0.0.1"] }),
  "not-far": from({ notAddresses: ["10.0.0.0/8", "2001:db8::/32"] }),
  client: from({ clientAddresses: ["203.0.113.0/24"] }),
  "not-client": from({ notClientAddresses: ["203.0.113.9"] }),
  "both-ends": from({ addresses: ["127.0.0.1"], clientAddresses: ["198.51.100.0/24"] }),
  verbs: to({ methods: ["P*", "*LETE"] }),
  "any-verb": to({ methods: ["*"] }),
  "not-get": to({ notMethods: ["GET", "HEA*"] }),
  "not-x": to({ notPaths: ["*/x", "/not-x/y/*"] }),
  "not-template": to({ notPaths: ["/not-template/{*}/z"] }),
  host: to({ hosts: ["cat*"] }),
  suffix: to({ hosts: ["*.production"] }),
  "not-host": to({ notHosts: ["catalog.*"] }),
  verb: to({ headers: [{ name: ":method", type: "exact", values: ["POST"] }] }),
  "when-near": when({ of: "address", values: ["127.0.0.0/8"], notValues: ["127.0.0.2"] }),
  "when-client": when({ of: "clientAddress", values: ["203.0.113.0/24"], notValues: ["203.0.113.9/32"] }),
  "when-target": when({ of: "targetAddress", values: ["127.0.0.0/8"] }),
  "when-not-target": when({ of: "targetAddress", notValues: ["127.0.0.0/8"] }),
  "when-port": when({ of: "targetPort", notValues: ["8080"] }),
  "when-left": when({ of: "metadata", name: "com.acme.filter[tenant]", values: ["*"] }),
  "when-not-left": when({ of: "metadata", name: "com.acme.filter[tenant]", notValues: ["blue"] }),
  "when-both": { ...to({ methods: ["GET"] }), ...when({ of: "clientAddress", notValues: ["127.0.0.1"] }) },
};
const REQUESTS = [
  { method: "GET", rest: "" },
  { method: "POST", rest: "" },
  { method: "DELETE", rest: "/x" },
  { method: "HEAD", rest: "/y/z" },
  { method: "GET", rest: "/one/z" },
  { method: "GET", rest: "", forwarded: "203.0.113.9" },
  { method: "GET", rest: "", forwarded: "203.0.113.9, 203.0.113.77" },
  { method: "POST", rest: "", forwarded: "203.0.113.9,198.51.100.7" },
  { method: "GET", rest: "", forwarded: "nobody" },
  { method: "GET", rest: "", host: "catalog.production" },
];
const TEMPLATE = "/template/{*}/in/{**}";
const PATHS = ["/template/a/in/", "/template/a/in/b/c", "/template/a/b/in/c", "/template//in/c", "/template/a/in"];

const design = demoWith(
  object("AuthorizationPolicy", "everybody-but", {
    target: { service: "catalog" },
    action: "deny",
    rules: [
      ...Object.entries(RULES).map(([name, { to: operations = [{}], ...rule }]) => ({
        ...rule,
        to: operations.map((operation) => ({ ...operation, paths: [`/${name}`, `/${name}/*`] })),
      })),
      { to: [{ paths: [TEMPLATE] }] },
    ],
  }),
);

type Asked = { method: string; path: string; host: string; headers: Record<string, string> };
const ASKED: Asked[] = [
  ...Object.keys(RULES).flatMap((rule) =>
    REQUESTS.map(({ method, rest, forwarded, host = "catalog" }) => ({
      method,
      path: `/${rule}${rest}`,
      host,
      headers: { ...(forwarded ? { "x-forwarded-for": forwarded } : {}) },
    })),
  ),
  ...PATHS.map((path) => ({ method: "GET", path, host: "catalog", headers: {} })),
];
const line = ({ method, path, host, headers }: Asked, status: number) =>
  `${method} ${path} ${host} ${headers["x-forwarded-for"] ?? ""}: ${status}`;

describe.each(kinds)("a sidecar on %s", (kind) => {
  test("answers as the simulator says, whoever asks for what from where", async () => {
    const port = await startFiltered(kind, design, "production/catalog-v1/0");
    const answers: string[] = [];
    for (const asked of ASKED) {
      const headers = { ...asked.headers, host: asked.host };
      answers.push(line(asked, (await send(port, asked.path, headers, asked.method)).status));
    }
    const scene = buildScene(design);
    const said = ASKED.map((asked) => {
      const { method, path, host, headers } = asked;
      const { status } = ask(scene, get("storefront-v1", host, path, { method, headers }));
      return line(asked, status ?? 200);
    });
    expect(answers).toEqual(said);
    // each rule has a request that it takes and one that it leaves, but those that are for all or for none
    const denied = said.filter((each) => each.endsWith("403")).length;
    expect(denied).toBeGreaterThan(60);
    expect(said.length - denied).toBeGreaterThan(60);
  });
});

test("an address of a question is the caller's, and behind a gateway the client's", () => {
  const scene = buildScene(design);
  const status = (path: string, address: string) =>
    ask(scene, get("storefront-v1", "catalog", path, { address })).status;
  expect([status("/far", "10.1.2.3"), status("/far", "127.0.0.1")]).toEqual([403, null]);
  expect([status("/not-far", "10.1.2.3"), status("/not-far", "10.1.2.3")]).toEqual([null, null]);
  expect(status("/client", "203.0.113.8")).toBe(403);
});
