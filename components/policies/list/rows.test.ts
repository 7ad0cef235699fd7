import { describe, expect, test } from "vitest";
import { buildIndex, demoMesh } from "@/lib/mesh";
import { byFamily, listAnswer, policyHref, policyRows, shownRows } from "./rows";

const key = "Route/production/payment-service";
const finding = { severity: "warning" as const, refs: [key, "Service/production/checkout"] };
const history = [
  { at: "2026-11-21T09:00:00Z", by: "Ada", touched: [key], isUndone: true },
  { at: "2026-11-21T08:00:00Z", by: "Bo", touched: [key], isUndone: false },
];
const rows = policyRows(buildIndex(demoMesh()), [finding], history);
const all = { search: "", family: "", findings: false };

describe("the list of policies", () => {
  test("has every policy of the design once, in its family", () => {
    expect(byFamily(rows).map((family) => [family.id, family.rows.length])).toEqual([
      ["routing", 4],
      ["resilience", 1],
      ["egress", 1],
    ]);
  });

  test("says effect, findings and the last change that stands", () => {
    const row = rows.find((each) => each.key === key);
    expect(row).toMatchObject({ target: "payment-service", warnings: 1, changed: { by: "Bo" } });
    expect(row && policyHref("shop", row.policy)).toBe(`/meshes/shop/policies/${key}`);
  });

  test("is searched in names, targets and effects", () => {
    expect(shownRows(rows, { ...all, search: "ejects catalog" }).map((row) => row.kind)).toEqual(["TrafficPolicy"]);
    expect(shownRows(rows, { ...all, family: "egress" })).toHaveLength(1);
    expect(shownRows(rows, { ...all, findings: true }).map((row) => row.key)).toEqual([key]);
  });

  test("answers in a sentence", () => {
    expect(listAnswer([]).text).toMatch(/^No policy yet/);
    expect(listAnswer(rows).text).toBe("6 policies; 1 has a warning.");
    expect(listAnswer(rows.map((row) => ({ ...row, errors: 1 }))).status).toBe("failing");
  });
});
