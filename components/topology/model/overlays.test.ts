import { describe, expect, it } from "vitest";
import { demoMesh, demoPositions, objectKey } from "@/lib/mesh";
import { ghostsOf } from "./ghosts";
import { indexLive, nothingLive } from "./live";
import { overlaid } from "./overlays";
import { canvasEdges, canvasNodes } from "./to-canvas";

const document = demoMesh();
const now = { requestsPerSecond: 5, errorRatio: 0.02, p50: 5, p95: 50, p99: 1500, mtlsRatio: 0 };
const [storefront, cart] = ["Service/production/storefront", "Service/production/cart"];
const live = indexLive(
  [{ key: null, source: storefront, target: cart, drawn: true, granted: true, seen: true, now, state: "live" }],
  [
    {
      key: cart,
      now,
      state: "live",
      versions: [],
      proxies: { total: 1, ready: 1, pending: 0, nack: 0, disconnected: 0 },
    },
  ],
);
const picture = (of = live) => {
  const input = {
    document,
    positions: demoPositions(),
    live: of,
    layer: "drawn" as const,
    findings: new Map([[cart, { count: 1, worst: "failing" as const }]]),
    changes: new Map(),
    matches: null,
  };
  return { document, live: of, nodes: canvasNodes(input), edges: canvasEdges(input) };
};
const nodeOf = (result: ReturnType<typeof overlaid>, key: string) => result.nodes.find((node) => node.id === key);

describe("overlays", () => {
  it("colours by mutual TLS, latency and errors, each by its own limits", () => {
    expect(nodeOf(overlaid("mtls", picture()), cart)?.tone).toBe("failing");
    expect(nodeOf(overlaid("latency", picture()), cart)).toMatchObject({ tone: "failing", subtitle: "p99 1.50 s" });
    expect(nodeOf(overlaid("errors", picture()), cart)?.tone).toBe("attention");
  });

  it("never shows the unmeasured as healthy", () => {
    for (const overlay of ["mtls", "latency", "errors"] as const)
      for (const node of overlaid(overlay, picture(nothingLive)).nodes) expect(node.tone).toBe("unmeasured");
  });

  it("colours by owner and lists the owners for the legend", () => {
    const result = overlaid("owners", picture());
    expect(nodeOf(result, cart)?.subtitle).toBe("orders");
    expect(result.names.map((each) => each.name)).toContain("orders");
  });

  it("shows whoever has findings", () => {
    const result = overlaid("findings", picture());
    expect(nodeOf(result, cart)?.tone).toBe("failing");
    expect(nodeOf(result, storefront)?.tone).toBe("unmeasured");
  });
});

describe("ghosts", () => {
  it("shows removed boxes and lines where they stood", () => {
    const less = {
      objects: document.objects.filter(
        (object) => objectKey(object) !== cart && !(object.kind === "Dependency" && object.spec.to.name === "cart"),
      ),
    };
    const { nodes, edges } = ghostsOf(less, document, demoPositions());
    expect(nodes.map((node) => [node.title, node.change])).toEqual([["cart", "removed"]]);
    expect(edges.map((edge) => edge.target)).toEqual([cart]);
    expect(ghostsOf(document, document, demoPositions())).toEqual({ nodes: [], edges: [] });
  });
});
