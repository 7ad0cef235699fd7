import { describe, expect, it } from "vitest";
import { demoMesh, demoPositions } from "@/lib/mesh";
import { indexLive, type LiveDependency, nothingLive } from "./live";
import { canvasEdges, canvasNodes, disagreementOf, edgeWidth, type PictureInput } from "./to-canvas";

const key = (name: string, kind = "Service") => `${kind}/production/${name}`;
const numbers = { requestsPerSecond: 5, errorRatio: 0, p50: 5, p95: 9, p99: 20, mtlsRatio: 1 };
const dependency = (change: Partial<LiveDependency>): LiveDependency => ({
  key: null,
  source: key("checkout"),
  target: key("payment-service"),
  drawn: true,
  granted: true,
  seen: true,
  now: numbers,
  state: "live",
  ...change,
});
const input = (change: Partial<PictureInput> = {}): PictureInput => ({
  document: demoMesh(),
  positions: demoPositions(),
  live: nothingLive,
  layer: "drawn",
  findings: new Map(),
  changes: new Map(),
  matches: null,
  ...change,
});
const edgeOf = (live: LiveDependency) =>
  canvasEdges(input({ live: indexLive([live], []) })).find(
    (edge) => edge.source === live.source && edge.target === live.target,
  );

describe("the picture of a mesh", () => {
  it("shows services, gateway and external service, each in its own shape", () => {
    const nodes = canvasNodes(input());
    expect(nodes).toHaveLength(9);
    expect(nodes.find((node) => node.id === key("shop-gateway", "Gateway"))?.shape).toBe("gate");
    expect(nodes.find((node) => node.id === key("carrier-api", "ExternalService"))?.shape).toBe("outside");
  });

  it("never calls a service healthy that was not measured", () => {
    expect(new Set(canvasNodes(input()).map((node) => node.tone))).toEqual(new Set(["unmeasured"]));
    expect(new Set(canvasEdges(input()).map((edge) => edge.line))).toEqual(new Set(["dashed"]));
  });

  it("tells all, some, none and unknown encryption apart by the line", () => {
    expect(edgeOf(dependency({}))?.line).toBe("solid");
    expect(edgeOf(dependency({ now: { ...numbers, mtlsRatio: 0.4 } }))?.line).toBe("dash-dot");
    expect(edgeOf(dependency({ now: { ...numbers, mtlsRatio: 0 } }))?.line).toBe("dotted");
    expect(edgeOf(dependency({ now: { ...numbers, mtlsRatio: 0 } }))?.warning).toMatch(/plain text/);
    expect(edgeOf(dependency({ now: { ...numbers, mtlsRatio: null } }))?.line).toBe("thin");
  });

  it("tells a TCP dependency in connections and bytes, and its failed ones as errors", () => {
    const tcp = {
      ...{ connectionsPerSecond: 0.5, failedConnections: 0, failedRatio: 0 as number | null },
      ...{ receivedBytesPerSecond: 1_000, sentBytesPerSecond: 500 },
    };
    const quiet = { ...numbers, requestsPerSecond: 0, errorRatio: null, p50: null, p95: null, p99: null, tcp };
    const edge = edgeOf(dependency({ now: quiet }));
    expect(edge).toMatchObject({ label: "0.5 conn/s\n0 % err · 1.5 kB/s", tone: "ok", line: "solid" });
    const failed = { ...tcp, failedConnections: 1, failedRatio: 0.1 };
    expect(edgeOf(dependency({ now: { ...quiet, tcp: failed } }))?.tone).toBe("failing");
    const old = { ...tcp, connectionsPerSecond: 0, failedRatio: null };
    expect(edgeOf(dependency({ now: { ...quiet, tcp: old } }))).toMatchObject({
      tone: "ok",
      label: expect.stringMatching(/^0 conn/),
    });
  });

  it("colours a dependency by its errors and marks stale data as stale", () => {
    expect(edgeOf(dependency({}))?.tone).toBe("ok");
    expect(edgeOf(dependency({ now: { ...numbers, errorRatio: 0.02 } }))?.tone).toBe("attention");
    expect(edgeOf(dependency({ now: { ...numbers, errorRatio: 0.2 } }))?.tone).toBe("failing");
    expect(edgeOf(dependency({ state: "stale" }))?.tone).toBe("stale");
  });

  it("shows what was seen but not drawn as an edge of its own, with a warning", () => {
    const stranger = dependency({ source: key("cart"), target: key("shipping"), drawn: false });
    const edge = edgeOf(stranger);
    expect(edge?.id).toBe("seen:Service/production/cart -> Service/production/shipping");
    expect(edge?.warning).toMatch(/not drawn/);
  });

  it("keeps only disagreements in that layer", () => {
    const live = indexLive(
      [dependency({}), dependency({ source: key("storefront"), target: key("cart"), seen: false })],
      [],
    );
    const edges = canvasEdges(input({ live, layer: "disagreements" }));
    expect(edges.map((edge) => edge.target)).toEqual([key("cart")]);
    expect(disagreementOf(true, dependency({ granted: false }))).toBe("drawn, not granted");
    expect(disagreementOf(true, undefined)).toBeNull();
  });

  it("gives objects without a position a place of their own", () => {
    const places = canvasNodes(input({ positions: {} })).map((node) => `${node.x} ${node.y}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it("grows a line with the logarithm of its rate, within bounds", () => {
    expect(edgeWidth(null)).toBe(1.5);
    expect(edgeWidth(10)).toBeGreaterThan(edgeWidth(1));
    expect(edgeWidth(1e9)).toBe(8);
  });
});
