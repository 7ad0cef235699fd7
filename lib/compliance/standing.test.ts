import { describe, expect, test } from "vitest";
import { compareResults } from "./compare";
import { doesNotApply, fail, layerResult, pass, unmeasured } from "./results";
import { type EvidenceAge, overall, standingsOf, type Waiver, waiverProblems } from "./standing";
import type { ControlResult, SubjectResult } from "./types";

const now = Date.parse("2026-11-21T10:00:00Z");
const key = "Service/production/cart";
const evidence: EvidenceAge = {
  id: "e1",
  proxyKey: "production/cart-v1/0",
  digest: "aaaa",
  expiresAt: "2026-11-22T09:00:00.000Z",
  finishedAt: "2026-11-21T09:00:00.000Z",
};
const running = new Map<string, string | null>([["production/cart-v1/0", "aaaa"]]);
const with1 = (subject: SubjectResult): SubjectResult => ({ ...subject, evidence: ["e1"] });
const result = (live: SubjectResult[], control = "TLS-03"): ControlResult => ({
  control,
  layers: {
    design: layerResult([pass(key, "strict")], ""),
    compiled: doesNotApply("nothing"),
    live: layerResult(live, ""),
  },
});
const stand = (live: SubjectResult[], more: Partial<Parameters<typeof standingsOf>[0]> = {}) =>
  standingsOf({
    results: [result(live)],
    evidence: [evidence],
    waivers: [],
    now,
    runningDigests: running,
    ...more,
  })[0]!;
const waiver: Waiver = {
  id: "w1",
  control: "TLS-03",
  subject: key,
  reason: "old client",
  owner: "orders",
  compensatingControl: "private network",
  expiresAt: "2026-12-01T00:00:00.000Z",
  grantedBy: "Rita",
  grantedAt: "2026-11-20T00:00:00.000Z",
  withdrawnAt: null,
};

describe("what counts now", () => {
  test("a fresh pass on every layer that applies is a pass, with its time and end", () => {
    const standing = stand([with1(pass(key, "refused"))]);
    expect(standing.state).toBe("pass");
    expect(standing.layers.live).toMatchObject({ measuredAt: evidence.finishedAt, expiresAt: evidence.expiresAt });
  });

  test("becomes stale by itself: by time, by another running digest, by a proxy that is gone", () => {
    const measured = [with1(pass(key, "refused"))];
    expect(stand(measured, { now: Date.parse(evidence.expiresAt) }).state).toBe("stale");
    const changed = stand(measured, { runningDigests: new Map([["production/cart-v1/0", "bbbb"]]) });
    expect(changed.state).toBe("stale");
    expect(changed.layers.live.summary).toContain("another configuration");
    expect(changed.layers.live.subjects[0]).toMatchObject({ state: "stale", was: "pass" });
    expect(stand(measured, { runningDigests: new Map() }).layers.live.summary).toContain("is gone");
  });

  test("a proxy that has not said what it runs keeps what was measured", () => {
    expect(
      stand([with1(pass(key, "refused"))], { runningDigests: new Map([["production/cart-v1/0", null]]) }).state,
    ).toBe("pass");
  });

  test("a fresh failure fails even when another subject is stale", () => {
    const old = { ...evidence, id: "e2", expiresAt: "2026-11-20T00:00:00.000Z" };
    const subjects = [{ ...pass("Service/production/web", "x"), evidence: ["e2"] }, with1(fail(key, "answered"))];
    expect(stand(subjects, { evidence: [evidence, old] }).state).toBe("fail");
  });

  test("not measured and partly are no pass", () => {
    expect(stand([unmeasured(key, "not reached")]).state).toBe("partly"); // the design was looked at
    expect(overall(["not-measured", "does-not-apply", "not-measured"])).toBe("not-measured");
    expect(overall(["pass", "partly", "pass"])).toBe("partly");
    expect(overall(["does-not-apply", "does-not-apply", "does-not-apply"])).toBe("does-not-apply");
  });

  test("a waiver covers its subject, keeps what was measured, and ends", () => {
    const failed = [with1(fail(key, "answered"))];
    const covered = stand(failed, { waivers: [waiver] });
    expect(covered.state).toBe("waived");
    expect(covered.layers.live.subjects[0]).toMatchObject({ state: "waived", was: "fail" });
    expect(stand(failed, { waivers: [{ ...waiver, subject: "Service/production/web" }] }).state).toBe("fail");
    expect(
      stand(failed, {
        waivers: [waiver],
        now: Date.parse(waiver.expiresAt),
        evidence: [{ ...evidence, expiresAt: "2027-01-01T00:00:00.000Z" }],
      }).state,
    ).toBe("fail");
    expect(stand(failed, { waivers: [{ ...waiver, withdrawnAt: waiver.grantedAt }] }).state).toBe("fail");
  });
});

describe("asking for a waiver", () => {
  const ask = (control: string, subject: string | null, expiresAt: string) =>
    waiverProblems({ control, subject, expiresAt }, now).map(({ path }) => path);
  test("needs a known control, an end that is near enough, and one subject where the control is critical", () => {
    expect(ask("TLS-03", key, "2026-12-01T00:00:00Z")).toEqual([]);
    expect(ask("RL-03", null, "2027-02-01T00:00:00Z")).toEqual([]);
    expect(ask("NO-99", key, "2026-12-01T00:00:00Z")).toEqual(["control"]);
    expect(ask("TLS-03", null, "2027-02-01T00:00:00Z")).toEqual(["expiresAt", "subject"]);
    expect(ask("RL-03", null, "2026-11-01T00:00:00Z")).toEqual(["expiresAt"]);
  });
});

describe("two runs", () => {
  test("say what got worse, what got better and which subjects changed sides", () => {
    const good = result([pass(key, "x")]);
    const bad = result([fail(key, "y"), fail("Service/production/web", "y")]);
    expect(compareResults([good], [good])).toEqual([]);
    expect(compareResults([good], [bad])).toMatchObject([
      { layer: "live", direction: "worse", newlyFailing: [key, "Service/production/web"] },
    ]);
    expect(compareResults([bad], [result([fail(key, "z"), pass("Service/production/web", "z")])])).toMatchObject([
      { direction: "better", noLongerFailing: ["Service/production/web"] },
    ]);
    expect(compareResults([], [good]).every(({ direction }) => direction === "changed")).toBe(true);
  });
});
