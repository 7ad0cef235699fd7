import { expect, test } from "vitest";
import type { RootRotationDto, TrustDto } from "@/lib/api/schema/trust";
import { mayCancel, ROTATION_STEPS, stepStatus, trustAnswer } from "./trust-words";

const rotation = (patch: Partial<RootRotationDto>): RootRotationDto => ({
  id: "r",
  state: "distributing",
  progress: { done: 0, total: 3, waitingFor: [] },
  requestedBy: "Ada",
  cancelledBy: null,
  createdAt: "2026-11-21T00:00:00.000Z",
  finishedAt: null,
  ...patch,
});
const root = (state: TrustDto["roots"][number]["state"]): TrustDto["roots"][number] => ({
  id: state,
  state,
  subject: "CN=Meshwright root A",
  fingerprint: "AA",
  notBefore: "2026-11-21T00:00:00.000Z",
  notAfter: "2036-11-21T00:00:00.000Z",
});

test("a rotation that waits names the proxy and the reason", () => {
  const waiting = rotation({
    progress: {
      done: 2,
      total: 3,
      waitingFor: [{ proxyKey: "production/cart-v1/1", why: "it does not run what it was told last" }],
    },
  });
  expect(trustAnswer({ roots: [root("active"), root("prepared")], rotation: waiting })).toBe(
    "The root is being rotated: 2 of 3 proxies have done this step. It waits for production/cart-v1/1: it does not run what it was told last.",
  );
  const over = rotation({ state: "done", finishedAt: "2026-11-21T00:01:00.000Z" });
  expect(trustAnswer({ roots: [root("active")], rotation: over })).toContain("one root");
});

test("steps before the present one are done, those behind it come later", () => {
  const steps = (state: RootRotationDto["state"]) =>
    ROTATION_STEPS.map((step) => stepStatus(rotation({ state }), step.state));
  expect(steps("preparing")).toEqual(["now", "later", "later", "later"]);
  expect(steps("renewing")).toEqual(["done", "done", "now", "later"]);
  expect(steps("done")).toEqual(["done", "done", "done", "done"]);
});

test("a rotation can be cancelled until the new root signs, and once", () => {
  expect(mayCancel(rotation({ state: "distributing" }))).toBe(true);
  expect(mayCancel(rotation({ state: "renewing" }))).toBe(false);
  expect(mayCancel(rotation({ cancelledBy: "Ada" }))).toBe(false);
});
