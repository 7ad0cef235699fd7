import { MantineProvider } from "@mantine/core";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { object } from "@/lib/compile/testing/rich";
import { buildIndex, demoMesh, type LoadBalancing, loadBalancingSchema, type TrafficPolicy } from "@/lib/mesh";
import { FormProvider, KindForm, type PolicyForm } from ".";
import { withKind, withPolicy } from "./load-balancing-form";

const USER = { type: "header", name: "x-user", terminal: true } as const;
const SID = { type: "cookie", name: "sid", ttlSeconds: 3600, path: "/" } as const;
const RING: LoadBalancing = { policy: "ring-hash", hash: [USER, SID], ringHash: { minimumRingSize: 2048 } };

function shown(loadBalancing: LoadBalancing): string {
  const policy = object("TrafficPolicy", "cart", { service: { name: "cart" }, loadBalancing }) as TrafficPolicy;
  const form: PolicyForm = { object: policy, index: buildIndex(demoMesh()), isReadOnly: false, set: () => null };
  const provided = FormProvider({ form, children: createElement(KindForm, { object: policy }) });
  return renderToStaticMarkup(createElement(MantineProvider, null, provided));
}

test("keys stand in their order, in words, with what a cookie is given for and the size of the ring", () => {
  const html = shown(RING);
  const told = "header x-user, else cookie sid (given for 1 h to who has none)";
  for (const text of [`chosen by a hash of ${told}`, "Enough by itself", "Given for", "Minimum ring size", "Add a key"])
    expect(html).toContain(text);
  expect(html).not.toContain("Table size");
  expect(shown({ policy: "maglev", hash: [USER] })).toContain("Table size");
  expect(shown({ policy: "random" })).not.toContain("Add a key");
});

test.each(["round-robin", "least-request", "peak-ewma", "random", "ring-hash", "maglev"])(
  "choosing %s makes a valid policy",
  (to) => {
    for (const was of [undefined, { policy: "random" } as const, RING]) {
      const made = withPolicy(to, was);
      expect(made?.policy).toBe(to);
      expect(loadBalancingSchema.safeParse(made).success).toBe(true);
    }
  },
);

test("the keys stay where the other policy hashes too, and go where it does not", () => {
  expect(withPolicy("maglev", RING)).toEqual({ policy: "maglev", hash: RING.hash });
  expect(withPolicy("random", RING)).toEqual({ policy: "random" });
  expect(withPolicy(undefined, RING)).toBeUndefined();
});

test("another kind of key keeps the name", () => {
  expect(withKind("query", USER)).toEqual({ type: "query", name: "x-user", terminal: true });
  expect(withKind("sourceIp", SID)).toEqual({ type: "sourceIp" });
});
