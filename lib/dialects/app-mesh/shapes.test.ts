import { expect, test } from "vitest";
import { emptyMesh } from "@/lib/mesh";
import { importDocuments } from "..";

const problemsOf = (spec: unknown) => {
  const node = { virtualNode: { meshName: "shop", virtualNodeName: "orders", spec } };
  const { violations } = importDocuments("app-mesh", [{ text: JSON.stringify(node, null, 1) }], {
    document: emptyMesh("shop"),
  });
  return violations.map(({ path, message, line }) => `${path.split("#")[1]} ${message} (${line})`);
};

test("a value of another type than its field has is refused at its place", () => {
  const listener = {
    portMapping: { port: "80", protocol: "htpp" },
    outlierDetection: { interval: { unit: "s", value: "1" } },
  };
  expect(problemsOf({ listeners: [listener], backends: {} })).toEqual([
    "spec.listeners[0].portMapping.port must be a number (9)",
    'spec.listeners[0].portMapping.protocol "htpp" is no protocol of App Mesh (10)',
    "spec.listeners[0].outlierDetection.interval.value must be a number (15)",
    "spec.backends must be a list (20)",
  ]);
  expect(problemsOf([])).toEqual(["spec must be an object (5)"]);
});

test("names that mean several things are taken for what they mean where they stand", () => {
  const listener = { portMapping: { port: 80, protocol: "http" } };
  const validation = {
    subjectAlternativeNames: { match: { exact: ["a.test"] } },
    trust: { file: { certificateChain: "/x" } },
  };
  const virtualService = { virtualServiceName: "a.local", clientPolicy: { tls: { validation } } };
  const logging = { accessLog: { file: { path: "/dev/stdout", format: { json: [{ key: "a", value: "b" }] } } } };
  expect(problemsOf({ listeners: [listener], backends: [{ virtualService }], logging })).toEqual([]);
});
