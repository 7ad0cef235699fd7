import { expect, test } from "vitest";
import { describeProxy } from "./describe";

type Entry = NonNullable<Parameters<typeof describeProxy>[1]>;
const entry = (change: { isInForce?: boolean; refused?: boolean }): Entry => {
  const row: Partial<Entry["row"]> = { state: change.refused ? "nack" : "pending", runningDigest: "d1" };
  return {
    row: row as Entry["row"],
    isInForce: () => change.isInForce ?? false,
    lastRejection: () =>
      change.refused ? ({ message: "no such cluster", at: 1 } as ReturnType<Entry["lastRejection"]>) : null,
  };
};
const said = (change: Parameters<typeof entry>[0], hasRunIt: boolean) =>
  describeProxy("production/cart-v1/0", entry(change), { deploymentId: "a", hasRunIt });

test("a proxy waits until it says that it runs the deployment", () => {
  expect(said({}, false)).toMatchObject({ state: "pending", reason: null });
  expect(said({ isInForce: true }, false)).toMatchObject({ state: "ack" });
});

test("one that ran it does not wait again while it takes the endpoints of later waves", () => {
  expect(said({}, true)).toMatchObject({ state: "ack", runningDigest: "d1" });
});

test("a refusal is told whatever it ran before", () => {
  expect(said({ refused: true }, true)).toMatchObject({ state: "nack", reason: "no such cluster" });
});
