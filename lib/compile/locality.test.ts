import { decodeBootstrap } from "@meshwright/proxy/contract";
import { planBootstrap } from "@meshwright/proxy/plan";
import { expect, test } from "vitest";
import type { TrafficLocality } from "@/lib/mesh";
import { compileStaticBootstrap } from "./bootstrap";
import { compile, compileToBytes } from "./compile";
import { resourcesToJson } from "./resources";
import { Reads } from "./run";
import { inputFor } from "./testing/inputs";
import { STOCK_CALLER, stockMesh } from "./testing/stock";
import { takeOver } from "./touched";
import type { CompileInput } from "./types";

const TO_STOCK = "outbound|8080||stock.production";

type Message = Record<string, unknown>;

function compiled(input: CompileInput) {
  const result = compile(input, STOCK_CALLER);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  const { clusters, endpoints } = resourcesToJson(result.resources) as unknown as Record<
    string,
    Record<string, Message>
  >;
  return { cluster: clusters?.[TO_STOCK], endpoints: endpoints?.[TO_STOCK]?.["endpoints"] };
}
const made = (locality: TrafficLocality | undefined, place?: string) =>
  compiled(inputFor(stockMesh(locality ? { locality } : {}, place)));

/** `eu/eu-a 0 stock-near`: place, priority, weight and who is there. */
const told = (endpoints: unknown) =>
  (endpoints as Entry[]).map((entry) => {
    const { region, zone } = entry.locality ?? {};
    const who = entry.lb_endpoints.map(({ metadata }) => metadata.filter_metadata.meshwright.workload).join(" ");
    const place = region === undefined ? "nowhere" : `${region}/${zone}`;
    return [place, entry.priority ?? 0, entry.load_balancing_weight, who]
      .filter((each) => each !== undefined)
      .join(" ");
  });
type Entry = {
  locality?: { region?: string; zone?: string };
  priority?: number;
  load_balancing_weight?: number;
  lb_endpoints: { metadata: { filter_metadata: { meshwright: { workload: string } } } }[];
};

test("the nearest first: a priority for each step away", () => {
  expect(told(made({ enabled: true }).endpoints)).toEqual([
    "eu/eu-a 0 stock-near",
    "eu/eu-b 1 stock-region",
    "us/us-a 2 stock-far",
  ]);
  expect(told(made({}, "us/us-b").endpoints)).toEqual([
    "us/us-a 0 stock-far",
    "eu/eu-a 1 stock-near",
    "eu/eu-b 1 stock-region",
  ]);
});

test("labels in place of places, whatever the caller's own are", () => {
  expect(told(made({ failoverPriority: ["spot=far"] }).endpoints)).toEqual([
    "us/us-a 0 stock-far",
    "eu/eu-a 1 stock-near",
    "eu/eu-b 1 stock-region",
  ]);
});

test("fixed shares are weights of localities, and who has none is not there", () => {
  const { cluster, endpoints } = made({ distribute: [{ from: "eu", to: { "eu/eu-a": 80, us: 20 } }] });
  expect(told(endpoints)).toEqual(["eu/eu-a 0 80 stock-near", "us/us-a 0 20 stock-far"]);
  expect(cluster?.["common_lb_config"]).toEqual({ locality_weighted_lb_config: {} });
});

test("what makes no difference for a caller leaves no trace in its configuration", () => {
  const plain = made(undefined);
  expect(told(plain.endpoints)).toEqual(["nowhere 0 stock-far stock-near stock-region"]);
  expect(made({ enabled: false, failoverPriority: ["spot"] })).toEqual(plain);
  expect(made({ distribute: [{ from: "us", to: { us: 100 } }] })).toEqual(plain);
});

test("weights of localities stand beside the panic threshold of outlier detection", () => {
  const locality = { distribute: [{ from: "*", to: { us: 100 } }] };
  const { cluster } = compiled(inputFor(stockMesh({ outlierDetection: { minHealthPercent: 30 }, locality })));
  expect(cluster?.["common_lb_config"]).toEqual({
    healthy_panic_threshold: { value: 30 },
    locality_weighted_lb_config: {},
  });
});

test("a caller or a workload that moves is compiled again, and one that moves elsewhere is not", () => {
  const before = inputFor(stockMesh({ locality: {} }));
  const reads = new Reads(STOCK_CALLER);
  expect(compileToBytes(before, STOCK_CALLER, reads).ok).toBe(true);
  const isKept = (name: string, locality: string) => {
    const objects = before.document.objects.map((each) =>
      each.kind === "Workload" && each.metadata.name === name ? { ...each, spec: { ...each.spec, locality } } : each,
    );
    return takeOver(before, { ...before, document: { ...before.document, objects } })(reads, before);
  };
  expect(isKept("checkout-v1", "us/us-a")).toBe(false);
  expect(isKept("stock-near", "us/us-a")).toBe(false);
  expect(isKept("catalog-v1", "us/us-a")).toBe(true);
});

test("the proxy's plan has the priorities and weights", () => {
  const files = { certificateChain: "/c.pem", privateKey: "/k.pem", bundle: "/b.pem" };
  const planOf = (locality: TrafficLocality) => {
    const made = compileStaticBootstrap(inputFor(stockMesh({ locality })), STOCK_CALLER, { identityFiles: files });
    if (!made.ok) throw new Error(JSON.stringify(made.violations));
    const decoded = decodeBootstrap(JSON.stringify(made.bootstrap));
    const planned = decoded.ok ? planBootstrap(decoded.value) : decoded;
    if (!planned.ok) throw new Error(JSON.stringify(planned));
    const { endpoints } = planned.result.clusters.get(TO_STOCK) ?? {};
    return endpoints?.map(({ priority, localityWeight }) => `${priority} ${localityWeight}`).sort();
  };
  expect(planOf({})).toEqual(["0 0", "1 0", "2 0"]);
  expect(planOf({ distribute: [{ from: "*", to: { "eu/eu-a": 80, us: 20 } }] })).toEqual(["0 20", "0 80"]);
});

test("shares of localities go before the choice by latency, which is told", () => {
  const distribute = [{ from: "eu", to: { "eu/eu-a": 80, us: 20 } }];
  const input = inputFor(stockMesh({ locality: { distribute }, loadBalancing: { policy: "peak-ewma" } }));
  const { cluster } = compiled(input);
  expect(cluster).toMatchObject({ lb_policy: "LEAST_REQUEST", common_lb_config: { locality_weighted_lb_config: {} } });
  expect(cluster).not.toHaveProperty("load_balancing_policy");
  const result = compile(input, STOCK_CALLER);
  expect(result.ok && result.warnings.map(({ path, message }) => `${path} ${message}`)).toContainEqual(
    expect.stringMatching(/#spec\.loadBalancing\.policy has no shares of localities/),
  );
});
