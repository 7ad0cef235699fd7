// Keys that are fetched, and authorization by what a token says; on our proxy, and on Envoy where ENVOY_BIN names it.
// Rule: the server of keys counts what is asked of it; nothing waits for a clock but for what it has seen.

import type { ServerResponse } from "node:http";
import { createServer } from "node:https";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { bootstrapOf, filter, kinds, ROUTER, startConfigured } from "./support/both-proxies";
import { createCa } from "./support/certificates";
import { cleanUp, onCleanUp, portOf, startOrigin } from "./support/network";
import { send } from "./support/send";
import { ecKey, keySetOf, rsaKey, tokenOf } from "./support/tokens";

afterAll(cleanUp);

const HTTP1 = { http_protocol_options: {} };
const JWT = "jwt_authn.v3.JwtAuthentication";
const ec = ecKey("ec");
const bearer = (claims: object, key = ec) => ({ authorization: `Bearer ${tokenOf(key, claims)}` });
const remote = (path: string, over: object = {}) => ({
  remote_jwks: { http_uri: { uri: `http://keys.test:81/${path}?v=1`, cluster: "keys", timeout: "2s" }, ...over },
});
const RETRY = { num_retries: 2, retry_back_off: { base_interval: "0.005s", max_interval: "0.01s" } };
const providers: Record<string, object> = {
  demand: { issuer: "demand", ...remote("demand") },
  fails: { issuer: "fails", ...remote("fails") },
  garbage: { issuer: "garbage", ...remote("garbage") },
  empty: { issuer: "empty", ...remote("empty") },
  nowhere: {
    issuer: "nowhere",
    remote_jwks: { http_uri: { uri: "http://keys.test/x", cluster: "dead", timeout: "2s" } },
  },
  late: {
    issuer: "late",
    remote_jwks: { http_uri: { uri: "http://keys.test/late", cluster: "keys", timeout: "0.05s" } },
  },
  retried: { issuer: "retried", ...remote("retried", { retry_policy: RETRY }) },
  early: { issuer: "early", ...remote("early", { async_fetch: { fast_listener: true } }) },
  recovers: { issuer: "recovers", ...remote("recovers", { async_fetch: { failed_refetch_duration: "0.02s" } }) },
  expiring: { issuer: "expiring", ...remote("expiring", { cache_duration: "0.5s" }) },
  huge: { issuer: "huge", ...remote("huge") },
  ...Object.fromEntries(
    ["named", "wildcard", "foreign"].map((name) => [
      name,
      {
        issuer: name,
        remote_jwks: { http_uri: { uri: `https://a.keys.test/${name}`, cluster: `tls-${name}`, timeout: "2s" } },
      },
    ]),
  ),
};
/** The names of the certificate that the server of keys shows. */
const SANS: Record<string, string[]> = {
  named: ["b.keys.test", "A.keys.test"],
  wildcard: ["*.keys.test"],
  foreign: ["keys.test", "*.test", "*.a.keys.test"],
};
const names = Object.keys(providers);
const meta = {
  issuer: "meta",
  local_jwks: { inline_string: keySetOf(ec) },
  forward: true,
  payload_in_metadata: "payload",
  header_in_metadata: "header",
  normalize_payload_in_metadata: { space_delimited_claims: ["scope"] },
};

const claim = (path: string[], value: object, over: object = {}) => ({
  metadata: {
    filter: "envoy.filters.http.jwt_authn",
    path: path.map((key) => ({ key })),
    value,
    ...over,
  },
});
const text = (exact: string) => ({ string_match: { exact } });
const oneOf = (value: object) => ({ list_match: { one_of: value } });
const grants: Record<string, object> = {
  sub: claim(["payload", "sub"], text("ann")),
  regex: claim(["payload", "sub"], { string_match: { safe_regex: { regex: ".+" } } }),
  nested: claim(["payload", "realm", "role"], text("admin")),
  groups: claim(["payload", "groups"], { or_match: { value_matchers: [text("admin"), oneOf(text("admin"))] } }),
  scope: claim(["payload", "scope"], oneOf(text("write"))),
  number: claim(["payload", "n"], { double_match: { range: { start: 3, end: 5 } } }),
  exact: claim(["payload", "n"], { double_match: { exact: 3.5 } }),
  flag: claim(["payload", "flag"], { bool_match: true }),
  null: claim(["payload", "gone"], { null_match: {} }),
  present: claim(["payload", "groups"], { present_match: true }),
  absent: claim(["payload", "groups"], { present_match: false }),
  inverted: claim(["payload", "sub"], text("ann"), { invert: true }),
  header: claim(["header", "kid"], text("ec")),
  not: { not_id: claim(["payload", "sub"], text("ann")) },
};

function answer(url: string, asked: number, response: ServerResponse): void {
  const name = /^\/(\w+)/.exec(url)?.[1] ?? "";
  if (name === "fails" && asked === 1) response.statusCode = 503;
  if (name === "retried" && asked < 3) response.statusCode = 503;
  if (name === "recovers" && asked < 3) response.statusCode = 500;
  if (name === "late") return;
  if (name === "huge") response.end(JSON.stringify({ keys: [], padding: "x".repeat(2_000_000) }));
  else response.end(name === "garbage" ? "no json" : name === "empty" ? "" : keySetOf(ec, rsaOnly));
}
const rsaOnly = rsaKey("unused");

/** Clusters named tls- ask for the one name, as a sidecar does of an issuer's server. */
function withTls(bootstrap: string, ca: string): string {
  const config = JSON.parse(bootstrap);
  for (const cluster of config.static_resources.clusters) {
    if (!cluster.name.startsWith("tls-")) continue;
    cluster.transport_socket = {
      name: "tls",
      typed_config: {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        sni: "a.keys.test",
        common_tls_context: {
          validation_context: {
            trusted_ca: { inline_string: ca },
            match_typed_subject_alt_names: [{ san_type: "DNS", matcher: { exact: "a.keys.test" } }],
          },
        },
      },
    };
  }
  return JSON.stringify(config);
}

describe.each(kinds)("keys on %s", (kind) => {
  let port = 0;
  const asked = new Map<string, number>();
  const hosts = new Set<string>();
  beforeAll(async () => {
    const app = await startOrigin((_, response) => response.end("app"));
    const keys = await startOrigin((incoming, response) => {
      const name = /^\/(\w+)/.exec(incoming.url ?? "")?.[1] ?? "";
      asked.set(name, (asked.get(name) ?? 0) + 1);
      hosts.add(`${incoming.method} ${incoming.headers.host} ${incoming.url}`);
      answer(incoming.url ?? "", asked.get(name) ?? 0, response);
    });
    const rbac = (name: string) => ({
      [name]: {
        permissions: [
          { and_rules: { rules: [{ header: { name: ":path", string_match: { exact: `/may/${name}` } } }] } },
        ],
        principals: [grants[name]],
      },
    });
    const any = {
      permissions: [{ not_rule: { url_path: { path: { prefix: "/may/" } } } }],
      principals: [{ any: true }],
    };
    const policies = Object.assign({ others: any }, ...Object.keys(grants).map(rbac));
    const listener = {
      http_filters: [
        filter("jwt", JWT, {
          providers: { ...providers, meta },
          rules: [
            ...names.map((name) => ({ match: { prefix: `/${name}/` }, requires: { provider_name: name } })),
            {
              match: { prefix: "/may/" },
              requires: { requires_any: { requirements: [{ provider_name: "meta" }, { allow_missing: {} }] } },
            },
          ],
        }),
        filter("rbac", "rbac.v3.RBAC", { rules: { action: "ALLOW", policies } }),
        ROUTER,
      ],
      route_config: {
        virtual_hosts: [
          { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "app" } }] },
        ],
      },
    };
    const clusters = {
      app: { port: app.port, options: HTTP1 },
      keys: { port: keys.port, options: HTTP1 },
      dead: { port: 1, options: HTTP1 },
    };
    const ca = await createCa("public");
    const secure = await Promise.all(
      Object.entries(SANS).map(async ([name, dns]) => {
        const leaf = await ca.issue([], { dns });
        const server = createServer({ key: leaf.keyPem, cert: leaf.certPem }, (_, response) =>
          response.end(keySetOf(ec)),
        );
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        onCleanUp(() => void server.close());
        return [`tls-${name}`, { port: portOf(server), options: HTTP1 }] as const;
      }),
    );
    port = await startConfigured(kind, (at) =>
      withTls(bootstrapOf(at, [], { ...clusters, ...Object.fromEntries(secure) }, listener), ca.pem),
    );
  });

  const ask = async (name: string, key = ec): Promise<string> => {
    const { status, body } = await send(port, `/${name}/`, bearer({ iss: name }, key));
    return `${status} ${body}`;
  };
  const FAILED = "401 Jwks remote fetch is failed";

  test("they are fetched when a request needs them, once, as they are named", async () => {
    expect(asked.get("demand")).toBeUndefined();
    expect(await ask("demand")).toBe("200 app");
    expect(await ask("demand")).toBe("200 app");
    expect(await ask("demand", ecKey("ec"))).toBe("401 Jwt verification fails");
    expect(asked.get("demand")).toBe(1);
    expect(hosts).toContain("GET keys.test:81 /demand?v=1");
  });

  test("a request that waits for keys which do not come is refused, and the next one asks again", async () => {
    expect(await ask("fails")).toBe(FAILED);
    expect(await ask("fails")).toBe("200 app");
    expect(asked.get("fails")).toBe(2);
  });

  test.each(["garbage", "empty", "nowhere", "late"])("%s: no keys", async (name) => {
    expect(await ask(name)).toBe(FAILED);
  });

  test("keys come over TLS from a server that proves the name, also by a wildcard, and from no other", async () => {
    expect([await ask("named"), await ask("wildcard"), await ask("foreign")]).toEqual(["200 app", "200 app", FAILED]);
  });

  test("a set beyond every measure is no set", async () => {
    // Envoy takes it, and finds no key in it.
    expect(await ask("huge")).toBe(FAILED);
  });

  test("a failed fetch is repeated as often as it says", async () => {
    expect(await ask("retried")).toBe("200 app");
    expect(asked.get("retried")).toBe(3);
  });

  test("they are fetched beforehand where that is asked for, until they are there", async () => {
    await vi.waitFor(() => expect(asked.get("early")).toBe(1));
    await vi.waitFor(() => expect(asked.get("recovers")).toBe(3));
    await vi.waitFor(async () => expect(await ask("early")).toBe("200 app"));
    await vi.waitFor(async () => expect(await ask("recovers")).toBe("200 app"));
    expect(asked.get("early")).toBe(1);
    expect(asked.get("recovers")).toBe(3);
  });

  test("keys that are too old are fetched again", async () => {
    // Whole seconds: these are old at once.
    expect(await ask("expiring")).toBe("200 app");
    expect(await ask("expiring")).toBe("200 app");
    expect(asked.get("expiring")).toBe(2);
  });

  test("requests that come together wait for one set of keys, and all get their answer", async () => {
    const answers = await Promise.all([ask("demand"), ask("demand"), ask("demand", ecKey("ec"))]);
    expect(answers).toEqual(["200 app", "200 app", "401 Jwt verification fails"]);
  });

  const ann = { iss: "meta", sub: "ann", realm: { role: "admin" }, groups: ["a", "admin"], scope: "read write" };
  const full = { ...ann, n: 3.5, flag: true, gone: null };
  const decisions: [name: string, claims: object | null, status: number][] = [
    ["sub", ann, 200],
    ["sub", { ...ann, sub: "bob" }, 403],
    ["sub", { ...ann, sub: undefined }, 403],
    ["sub", null, 403],
    ["regex", ann, 200],
    ["regex", null, 403],
    ["nested", ann, 200],
    ["nested", { ...ann, realm: "admin" }, 403],
    ["groups", ann, 200],
    ["groups", { ...ann, groups: "admin" }, 200],
    ["groups", { ...ann, groups: ["a"] }, 403],
    ["groups", { ...ann, groups: "a admin" }, 403],
    ["scope", ann, 200],
    ["scope", { ...ann, scope: "read" }, 403],
    ["scope", { ...ann, scope: ["write"] }, 200],
    ["number", full, 200],
    ["number", { ...full, n: 5 }, 403],
    ["number", { ...full, n: "3.5" }, 403],
    ["exact", full, 200],
    ["exact", { ...full, n: 3 }, 403],
    ["flag", full, 200],
    ["flag", { ...full, flag: "true" }, 403],
    ["null", full, 200],
    ["null", ann, 403],
    ["present", full, 200],
    ["present", { ...full, groups: undefined }, 403],
    ["absent", { ...full, groups: undefined }, 403],
    ["absent", full, 403],
    ["absent", null, 403],
    ["inverted", ann, 403],
    ["inverted", { ...ann, sub: "bob" }, 200],
    ["inverted", null, 200],
    ["not", ann, 403],
    ["not", null, 200],
    ["header", ann, 200],
    ["header", null, 403],
  ];
  test.each(decisions)("authorization by %s of %j: %i", async (name, claims, status) => {
    expect((await send(port, `/may/${name}`, claims ? bearer(claims) : {})).status).toBe(status);
  });
});
