// What Istio's admission refuses though its schema takes it, as its own validation said it.
import { expect, test } from "vitest";
import { demoMesh } from "@/lib/mesh";
import { object } from "../../compile/testing/rich";
import { exportDocument } from "..";

const exported = (loadBalancing: object | undefined, subset?: string) => {
  const service = { name: "catalog" };
  const policy = object("TrafficPolicy", "asked", {
    service,
    ...(subset === undefined ? {} : { subset }),
    ...(loadBalancing ? { loadBalancing } : {}),
  } as never);
  const others = demoMesh().objects.filter(({ kind }) => kind !== "TrafficPolicy");
  const part = object("Subset", "catalog-v1", { service, name: "v1", labels: { version: "v1" } });
  return exportDocument("istio", { objects: [...others, part, policy] }).text;
};

test("a Maglev table has its size, Envoy's where the design says none", () => {
  expect(exported({ policy: "maglev", hash: [{ type: "sourceIp" }] })).toContain("tableSize: 65537");
});

test("a subset whose policy says nothing has none", () => {
  const text = exported(undefined, "v1");
  expect(text).toContain("- name: v1");
  expect(text).not.toContain("trafficPolicy: {}");
});
