import { describe, expect, it } from "vitest";
import { filterRows, type ServiceRow, servicesAnswer, sortRows } from "./rows";

const row = (name: string, change: Partial<ServiceRow> = {}): ServiceRow => ({
  key: `Service/shop/${name}`,
  name,
  namespace: "shop",
  owner: "web",
  criticality: null,
  step: "strict",
  status: "ok",
  word: "ok",
  requestsPerSecond: 1,
  tcp: null,
  errorRatio: 0,
  p99: 10,
  mtlsRatio: 1,
  versions: ["v1"],
  proxies: { ready: 1, total: 1 },
  findings: 0,
  ...change,
});
const names = (rows: readonly ServiceRow[]) => rows.map((each) => each.name);

describe("the list of services", () => {
  it("sorts what was not measured last in either direction", () => {
    const rows = [row("a", { p99: null }), row("b", { p99: 5 }), row("c", { p99: 50 })];
    expect(names(sortRows(rows, "p99", false))).toEqual(["b", "c", "a"]);
    expect(names(sortRows(rows, "p99", true))).toEqual(["c", "b", "a"]);
  });

  it("sorts the worst state first", () => {
    const rows = [row("a"), row("b", { status: "failing" }), row("c", { status: "unmeasured" })];
    expect(names(sortRows(rows, "state", false))).toEqual(["b", "c", "a"]);
  });

  it("filters by text, owner and state", () => {
    const rows = [row("cart"), row("pay", { owner: null, status: "failing" }), row("mail", { owner: "ops" })];
    expect(names(filterRows(rows, { text: "OPS", owner: null, status: null }))).toEqual(["mail"]);
    expect(names(filterRows(rows, { text: "", owner: "nobody", status: null }))).toEqual(["pay"]);
    expect(names(filterRows(rows, { text: "", owner: null, status: "failing" }))).toEqual(["pay"]);
  });

  it("says the worst first and never calls the unmeasured healthy", () => {
    expect(servicesAnswer([])).toMatchObject({ status: "note" });
    expect(servicesAnswer([row("a"), row("b", { status: "failing" })]).text).toBe("b is failing.");
    expect(servicesAnswer([row("a"), row("b", { owner: null })]).text).toBe("1 of 2 services has no owner.");
    expect(servicesAnswer([row("a"), row("b", { status: "unmeasured" })])).toMatchObject({ status: "unmeasured" });
    expect(servicesAnswer([row("a")])).toMatchObject({ status: "ok" });
  });
});
