// The document that this project began with, exported to every product: what each of them loses of it, in one table.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { object, withObjects } from "../compile/testing/rich";
import { buildBundle, dialectOf, EXPORT_IDS, exportDocument } from ".";
import type { ExportId } from "./catalogue";
import { VERDICTS, type Verdict } from "./shared/verdict";
import { imported } from "./testing/imported";

/** `!`: it also changes the answers of calls, which is told first. */
type Judgement = Verdict | `${Verdict}!`;
type Row = Record<"route" | "subsets" | (typeof FIELDS)[number], Judgement>;

const FIELDS = [
  "maxConnections",
  "maxPendingRequests",
  "maxRequestsPerConnection",
  "legacyConsecutiveErrors",
  "intervalMs",
  "baseEjectionTimeMs",
] as const;

const every = (judgement: Judgement) =>
  Object.fromEntries(FIELDS.map((field) => [field, judgement])) as Pick<Row, (typeof FIELDS)[number]>;

/** A product without a row fails here: what it loses of the seed has to be known. */
const LOSSES: Record<ExportId, Row> = {
  istio: { route: "exact", subsets: "exact", ...every("exact"), legacyConsecutiveErrors: "ignored" },
  "gateway-api": { route: "exact", subsets: "approximate", ...every("lost") },
  linkerd: {
    route: "exact",
    subsets: "approximate",
    ...every("lost"),
    legacyConsecutiveErrors: "approximate",
    baseEjectionTimeMs: "approximate",
  },
  consul: {
    route: "exact",
    subsets: "exact",
    ...every("exact"),
    maxRequestsPerConnection: "lost",
    legacyConsecutiveErrors: "approximate",
  },
  kuma: {
    route: "exact",
    subsets: "moved",
    ...every("exact"),
    maxRequestsPerConnection: "lost",
    legacyConsecutiveErrors: "approximate",
  },
  cilium: { route: "exact", subsets: "approximate", ...every("escape") },
  kubernetes: { route: "lost!", subsets: "moved", ...every("lost") },
  envoy: { route: "exact", subsets: "exact", ...every("exact"), legacyConsecutiveErrors: "ignored" },
  "app-mesh": {
    route: "exact",
    subsets: "moved",
    ...every("exact"),
    maxConnections: "moved!",
    maxPendingRequests: "moved!",
    maxRequestsPerConnection: "lost",
    legacyConsecutiveErrors: "approximate",
  },
};

const text = readFileSync(new URL("istio/fixtures/seed.yaml", import.meta.url), "utf8");
const ref = (name: string) => ({ kind: "Service" as const, name });
/** With the two versions that its subsets select, and one caller: some products say limits at each caller. */
const seed = withObjects(imported("istio", [{ text, file: "seed.yaml" }]).document, [
  object("Workload", "payment-service-v1", { service: "payment-service", version: "v1" }),
  object("Workload", "payment-service-v2", { service: "payment-service", version: "v2" }),
  object("Service", "checkout", { ports: [{ name: "http", port: 8080, protocol: "http" }] }),
  object("Workload", "checkout-v1", { service: "checkout", version: "v1" }),
  object("Dependency", "checkout-to-payment-service", { from: ref("checkout"), to: ref("payment-service") }),
]);

test.each(EXPORT_IDS)("the seed goes out to %s with a bundle, and its report has every loss", (id) => {
  const dialect = dialectOf(id);
  const [channel] = dialect.channels ?? [undefined];
  const made = exportDocument(id, seed, channel === undefined ? {} : { channel });
  expect(made.resources.length).toBeGreaterThan(0);
  // the block that a field is in speaks for it where nothing was said of the field
  const judgement = (kind: string, path: string): string | undefined => {
    const own = made.report.filter(
      ({ key, path: place }) => key.startsWith(`${kind}/production/payment-service`) && place === path,
    );
    const [worst] = own.sort((a, b) => rank(b.verdict) - rank(a.verdict));
    const outer = path.slice(0, path.lastIndexOf("."));
    if (!worst) return outer.length > 0 && path.includes(".") ? judgement(kind, outer) : undefined;
    return `${worst.verdict}${worst.changesMeaning ? "!" : ""}`;
  };
  const blockOf = (field: string) => (field.startsWith("max") ? "connectionPool" : "outlierDetection");
  const found = {
    route: judgement("Route", "spec.rules[1]"),
    subsets: judgement("Subset", "spec"),
    ...Object.fromEntries(
      FIELDS.map((field) => [field, judgement("TrafficPolicy", `spec.${blockOf(field)}.${field}`)]),
    ),
  };
  expect(found).toEqual(LOSSES[id]);
  expect(judgement("Route", "spec.rules[0]")).toBe(LOSSES[id].route);
  const files = buildBundle({ dialect, channel, document: seed, made }).map(({ path }) => path);
  expect(files).toEqual(expect.arrayContaining(["report.md", "report.json"]));
  expect(files.some((path) => path.startsWith("manifests/"))).toBe(true);
});

const rank = (verdict: Verdict) => VERDICTS.indexOf(verdict);
