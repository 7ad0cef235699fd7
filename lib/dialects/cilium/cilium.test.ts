import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { validateDocument } from "@/lib/mesh";
import { ask, buildScene } from "@/lib/simulate";
import { importDocuments } from "..";
import { imported, specOf } from "../testing/imported";

const text = readFileSync(new URL("fixtures/harbour.yaml", import.meta.url), "utf8");
const harbour = imported("cilium", [{ text, file: "harbour.yaml" }], "port");
const policy = (name: string) => specOf(harbour.document, `AuthorizationPolicy/harbour/${name}`);

describe("a harbour with policies on layers 3, 4 and 7", () => {
  test("is a design that holds together, open where no policy selects, strict where one does", () => {
    expect(validateDocument(harbour.document)).toEqual([]);
    expect(specOf(harbour.document, "Mesh//port")).toMatchObject({
      defaults: { authorization: "allow", mutualTls: "permissive" },
    });
    for (const service of ["berths", "tugs", "ferries", "ledger"]) {
      expect(specOf(harbour.document, `MutualTls/harbour/${service}`)).toEqual({ target: { service }, mode: "strict" });
    }
  });

  test("callers by label are services, by service account identities; ports are the service's, requests are conditions", () => {
    expect(policy("berths-by-tugs")).toEqual({
      target: { service: "berths" },
      action: "allow",
      rules: [
        {
          from: [{ services: [{ kind: "Service", name: "tugs" }] }],
          to: [
            { methods: ["POST"], paths: ["/v1/request-berth"], ports: [80] },
            { methods: ["GET", "HEAD"], paths: ["/v1/*"], ports: [80] },
          ],
        },
      ],
    });
    expect(policy("ledger-by-account")).toMatchObject({
      rules: [{ from: [{ principals: ["port.mesh.local/ns/harbour/sa/berths"] }] }],
    });
  });

  test("specs are a policy each, and a denial closes what it is for as any policy does", () => {
    expect(policy("tugs")).toMatchObject({ action: "allow", rules: [{ from: [{ principals: ["*"] }] }] });
    expect(policy("tugs-2")).toEqual({ target: { service: "tugs" }, action: "allow", rules: [] });
    expect(policy("tugs-2-deny")).toEqual({
      target: { service: "tugs" },
      action: "deny",
      rules: [{ from: [{ services: [{ kind: "Service", name: "ferries" }] }] }],
    });
    // a policy of the cluster is written where its service is
    expect(policy("ferries-are-closed")).toEqual({ target: { service: "ferries" }, action: "allow", rules: [] });
  });

  test("what a pod may call is drawn: services by their port, names outside with an Egress", () => {
    expect(specOf(harbour.document, "Dependency/harbour/berths-to-ledger")).toMatchObject({ port: 80 });
    expect(specOf(harbour.document, "ExternalService/harbour/any-tides-example-org")).toEqual({
      hosts: ["*.tides.example.org"],
      ports: [{ name: "tcp-443", port: 443, protocol: "tcp" }],
    });
    expect(specOf(harbour.document, "Egress/harbour/berths-to-weather-example-com")).toEqual({
      from: [{ kind: "Service", name: "berths" }],
      to: { kind: "ExternalService", name: "weather-example-com" },
    });
  });

  test("what a call would notice is told with the line of the document, and the rest is quiet", () => {
    const loud = harbour.warnings.filter(({ changesMeaning }) => changesMeaning);
    expect(loud.map(({ source, path, message }) => [source, path, message])).toEqual([
      ["CiliumEnvoyConfig harbour/berths-limits", "kind", expect.stringContaining("configuration of Envoy")],
      ["CiliumNetworkPolicy harbour/berths-by-tugs", "spec", expect.stringContaining("together with its query")],
      [
        "CiliumNetworkPolicy harbour/berths-by-tugs",
        "spec.ingress[0].toPorts[0]",
        expect.stringContaining("/v1/harbour/[0-9]+ of a path has no place here: these callers are refused here"),
      ],
      [
        "CiliumNetworkPolicy harbour/ledger-by-account",
        "spec.ingress[1].fromCIDR[0]",
        expect.stringContaining("by address have no place"),
      ],
    ]);
    const lines = text.split("\n");
    expect(lines[(loud.at(-1)?.line ?? 0) - 1]).toContain("10.20.0.0/16");
  });

  test("answers as the cluster did", () => {
    const scene = buildScene(harbour.document);
    const call = (from: string, host: string, method: string, path: string) =>
      ask(scene, {
        from: { kind: "workload", workload: `Workload/harbour/${from}` },
        to: { host },
        method,
        path,
        headers: {},
      }).outcome;
    expect([
      call("tugs", "berths", "POST", "/v1/request-berth"),
      call("tugs", "berths", "GET", "/v1/free?size=3"),
      call("tugs", "berths", "PUT", "/v1/exhaust"),
      call("tugs", "berths", "POST", "/v1/request-berth/2"),
      // no policy lets it, and nothing is drawn
      call("ferries", "berths", "GET", "/v1/free"),
      call("ferries", "tugs", "GET", "/"),
      call("tugs", "ferries", "GET", "/"),
    ]).toEqual(["forwarded", "forwarded", "denied", "denied", "no-route", "no-route", "no-route"]);
  });

  test("read again, alone or by what each document says it is, it changes nothing", () => {
    const { document } = harbour;
    expect(importDocuments("cilium", [{ text, file: "harbour.yaml" }], { document }).commands).toEqual([]);
    expect(importDocuments("auto", [{ text, file: "harbour.yaml" }], { document }).commands).toEqual([]);
  });
});
