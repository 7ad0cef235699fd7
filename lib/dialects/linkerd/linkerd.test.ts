import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { API_VERSION, type MeshDocument, type MeshObject, objectKey, validateDocument } from "@/lib/mesh";
import { ask, buildScene, type Question } from "@/lib/simulate";
import { importDocuments } from "..";
import { imported, specOf } from "../testing/imported";

const text = readFileSync(new URL("fixtures/bookshop.yaml", import.meta.url), "utf8");
const shop = imported("linkerd", [{ text, file: "bookshop.yaml" }], "books");

describe("a shop with Servers, policies and routes", () => {
  test("is a design that holds together, with the defaults that Linkerd has", () => {
    expect(validateDocument(shop.document)).toEqual([]);
    expect(specOf(shop.document, "Mesh//books")).toMatchObject({
      defaults: { authorization: "allow", mutualTls: "permissive" },
    });
    expect(specOf(shop.document, "MutualTls/bookshop/authors")).toEqual({
      target: { service: "authors" },
      mode: "strict",
    });
  });

  test("a Server closes its service, and what grants on it opens it to those", () => {
    const policy = (name: string) => specOf(shop.document, `AuthorizationPolicy/bookshop/${name}`);
    const account = (name: string) => `books.mesh.local/ns/bookshop/sa/${name}`;
    expect(policy("server-authors")).toEqual({ target: { service: "authors" }, action: "allow", rules: [] });
    expect(policy("server-reports")).toMatchObject({ rules: [{ from: [{ principals: ["*"] }] }] });
    expect(policy("books-callers")).toEqual({
      target: { service: "books" },
      action: "allow",
      rules: [{ from: [{ principals: [account("reports"), account("webapp")] }] }],
    });
    expect(policy("authors-edit")).toEqual({
      target: { service: "authors" },
      action: "allow",
      rules: [
        {
          from: [{ principals: [account("webapp")] }],
          to: [
            { methods: ["POST"], paths: ["/authors"] },
            { methods: ["DELETE"], paths: ["/authors", "/authors/*"] },
          ],
        },
      ],
    });
  });

  test("annotations and limits are retries, timeouts, outlier detection and a rate limit", () => {
    expect(specOf(shop.document, "Route/bookshop/authors")).toMatchObject({
      rules: [{ timeoutMs: 2000, retries: { attempts: 2, perTryTimeoutMs: 250, on: ["5xx"] } }],
    });
    expect(specOf(shop.document, "Route/bookshop/books-canary")).toMatchObject({
      rules: [
        { retries: { attempts: 1, on: ["503", "505", "506"] } },
        { timeoutMs: 3000, retries: { attempts: 1, on: ["503", "505", "506"] } },
      ],
    });
    expect(specOf(shop.document, "TrafficPolicy/bookshop/authors")).toMatchObject({
      outlierDetection: { consecutive5xxErrors: 3, baseEjectionTimeMs: 10_000, maxEjectionPercent: 100 },
    });
    expect(specOf(shop.document, "RateLimit/bookshop/books-limit")).toEqual({
      service: { name: "books" },
      limits: [{ requests: 100, perMs: 1000 }],
    });
    expect(specOf(shop.document, "Service/bookshop/ledger")).toMatchObject({
      ports: [{ port: 9100, protocol: "tcp" }],
    });
  });

  test("what a call would notice is told so, with the line of the document", () => {
    const loud = shop.warnings.filter(({ changesMeaning }) => changesMeaning);
    expect(loud.map(({ source, line, message }) => [source, line, message])).toEqual([
      ["EgressNetwork bookshop/outside", expect.any(Number), expect.stringContaining("outside the cluster")],
      [
        "AuthorizationPolicy bookshop/books-from-the-office",
        expect.any(Number),
        expect.stringContaining("10.20.0.0/16"),
      ],
      ["Deployment bookshop/ledger", expect.any(Number), expect.stringContaining("skip-outbound-ports")],
    ]);
    const lines = text.split("\n");
    const office = loud.find(({ source }) => source.endsWith("office"));
    expect(lines.slice((office?.line ?? 0) - 1, (office?.line ?? 0) + 2).join()).toContain("targetRef");
  });

  test("answers as the mesh did", () => {
    const scene = buildScene(withCalls(shop.document));
    const call = (from: string, host: string, method: string, path: string, more: Partial<Question> = {}) =>
      ask(scene, {
        from: { kind: "workload", workload: `Workload/bookshop/${from}` },
        to: { host },
        method,
        path,
        headers: {},
        ...more,
      });
    const outcomes = (calls: [string, string, string, string][]) => calls.map((each) => call(...each).outcome);
    expect(
      outcomes([
        ["webapp", "authors", "GET", "/authors/7"],
        ["books-v1", "authors", "GET", "/authors"],
        ["webapp", "authors", "POST", "/authors"],
        ["webapp", "books", "PUT", "/any"],
        ["authors", "reports", "GET", "/report/1"],
        ["ledger", "webapp", "GET", "/"],
      ]),
    ).toEqual(Array(6).fill("forwarded"));
    expect(
      outcomes([
        ["books-v1", "authors", "POST", "/authors"],
        ["webapp", "authors", "GET", "/authorsx"],
        ["webapp", "authors", "GET", "/admin"],
        ["reports", "authors", "GET", "/authors"],
        ["authors", "books", "GET", "/"],
      ]),
    ).toEqual(Array(5).fill("denied"));
    const shares = (headers: Record<string, string>) =>
      call("webapp", "books", "GET", "/", { headers }).destinations.map(({ subset, probability }) => [
        subset,
        probability,
      ]);
    expect(shares({})).toEqual([
      ["v1", 0.9],
      ["v2", 0.1],
    ]);
    expect(shares({ "x-canary": "on" })).toEqual([["v2", 1]]);
  });

  test("read again, alone or by what each document says it is, it changes nothing", () => {
    const { document } = shop;
    expect(importDocuments("linkerd", [{ text, file: "bookshop.yaml" }], { document }).commands).toEqual([]);
    expect(importDocuments("auto", [{ text, file: "bookshop.yaml" }], { document }).commands).toEqual([]);
  });
});

/** Everybody tries to call everybody: whom a sidecar knows is what is drawn. */
function withCalls(document: MeshDocument): MeshDocument {
  const services = document.objects.filter(({ kind }) => kind === "Service").map(({ metadata }) => metadata.name);
  const calls = services.flatMap((from) =>
    services
      .filter((to) => to !== from)
      .map((to): MeshObject => {
        const ref = (name: string) => ({ kind: "Service" as const, name });
        const metadata = { name: `${from}-to-${to}`, namespace: "bookshop" };
        return { apiVersion: API_VERSION, kind: "Dependency", metadata, spec: { from: ref(from), to: ref(to) } };
      }),
  );
  const keys = new Set(document.objects.map(objectKey));
  return { objects: [...document.objects, ...calls.filter((each) => !keys.has(objectKey(each)))] };
}
