import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { objectKey, validateDocument } from "@/lib/mesh";
import { exportDocument, importDocuments } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import { imported as importedFrom, specOf } from "../testing/imported";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}.yaml`, import.meta.url), "utf8");
const shop = fixture("shop");

const imported = (...texts: string[]) =>
  importedFrom(
    "auto",
    texts.map((text) => ({ text })),
    "books",
  );

test("services, workloads and external names become objects that hold together", () => {
  const { document } = imported(shop);
  expect(validateDocument(document)).toEqual([]);
  expect(specOf(document, "Service/books/rating")).toEqual({
    ports: [{ name: "grpc", port: 9090, protocol: "http2" }],
  });
  expect(specOf(document, "Service/books/database")).toEqual({
    ports: [
      { name: "postgres", port: 5432, protocol: "tcp" },
      { name: "stats", port: 9187, protocol: "http" },
    ],
  });
  expect(specOf(document, "Workload/books/page")).toEqual({
    service: "page",
    version: "1.4",
    serviceAccount: "default",
    labels: { app: "page", "app.kubernetes.io/version": "1.4" },
    replicas: 3,
  });
  expect(specOf(document, "Workload/books/reviews-v2")).toMatchObject({
    service: "reviews",
    version: "v2",
    serviceAccount: "reviews",
  });
  expect(specOf(document, "ExternalService/books/covers")).toMatchObject({ hosts: ["covers.example.com"] });
});

test("a service that selects a part of another one's pods is a subset of it", () => {
  const { document, warnings } = imported(shop);
  expect(specOf(document, "Subset/books/reviews-v1")).toEqual({
    service: { name: "reviews" },
    name: "v1",
    labels: { version: "v1" },
  });
  expect(document.objects.some((object) => objectKey(object) === "Service/books/reviews-v1")).toBe(false);
  expect(warnings.filter(({ verdict }) => verdict === "moved").map(({ source }) => source)).toEqual([
    "Service books/reviews-v1",
    "Service books/reviews-v2",
  ]);
});

test("containers and what they may hold stay out of the design", () => {
  expect(JSON.stringify(imported(shop).document)).not.toContain("not-for-the-design");
});

test("a network policy of whole services is an authorization policy by identity", () => {
  const { document } = imported(shop, fixture("policies"));
  expect(validateDocument(document)).toEqual([]);
  expect(specOf(document, "AuthorizationPolicy/books/reviews-callers")).toEqual({
    target: { service: "reviews" },
    action: "allow",
    rules: [
      {
        from: [{ services: [{ kind: "Service", name: "page" }] }, { namespaces: ["books"] }],
        to: [{ ports: [9080] }],
      },
    ],
  });
  expect(specOf(document, "AuthorizationPolicy/books/closed")).toEqual({
    target: { namespace: "books" },
    action: "allow",
    rules: [],
  });
});

test("a network policy that the model cannot say is kept whole and told as a change of meaning", () => {
  const { document, warnings, kept } = imported(shop, fixture("policies"));
  const loud = warnings
    .filter(({ changesMeaning }) => changesMeaning)
    .map(({ source, message }) => `${source}: ${message}`);
  expect(loud).toEqual([
    expect.stringContaining("by-address: callers by address"),
    expect.stringContaining("one-version: no service of the design is exactly the pods version=v1"),
    expect.stringContaining("going-out: its egress rules have no place"),
  ]);
  for (const name of ["by-address", "one-version"]) {
    expect(specOf(document, `AuthorizationPolicy/books/${name}`)).toBeUndefined();
    expect(kept.some(({ key, path }) => key === "Namespace//books" && path.endsWith(name))).toBe(true);
  }
  // what comes in is not touched by rules about what goes out
  expect(specOf(document, "AuthorizationPolicy/books/going-out")).toMatchObject({ rules: [{}] });
});

test("reading the same files again changes nothing, and Istio in the same set finds the services", () => {
  const { document } = imported(shop, fixture("policies"));
  const again = importDocuments("kubernetes", [{ text: shop }, { text: fixture("policies") }], { document });
  expect(again.commands).toEqual([]);
  const rule = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: books}
spec:
  hosts: [reviews]
  http: [{route: [{destination: {host: reviews, subset: v1}}]}]
`;
  const mixed = imported(rule, shop);
  expect(mixed.warnings.map(({ message }) => message).join()).not.toContain("is not in the design");
  expect(validateDocument(mixed.document)).toEqual([]);
});

test("a deployment that no service selects only calls; a port that does not say what it speaks is told with its place", () => {
  const text = `apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop}
spec:
  selector: {app: a}
  ports: [{port: 1234}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: caller, namespace: shop}
spec: {selector: {matchLabels: {app: caller}}, template: {metadata: {labels: {app: caller}}}}
`;
  const { document, warnings } = imported(text);
  expect(warnings).toMatchObject([
    { source: "Service shop/a", line: 6, column: 11, message: expect.stringContaining("HTTP is assumed") },
  ]);
  expect(specOf(document, "Workload/shop/caller")).toEqual({
    version: "v1",
    serviceAccount: "default",
    labels: { app: "caller" },
    replicas: 1,
  });
  expect(validateDocument(document)).toEqual([]);
});

const template = (name: string) =>
  `{metadata: {labels: {app: ${name}, version: v2}}, spec: {serviceAccountName: ${name}, containers: [{name: main, image: "x"}]}}`;
const jobs = `apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: shop}
spec: {parallelism: 2, template: ${template("migrate")}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: shop}
spec: {schedule: "5 3 * * *", jobTemplate: {spec: {template: ${template("nightly")}}}}
`;

test("jobs are workloads that only call, and go out as jobs", () => {
  const { document, warnings } = imported(jobs);
  expect(warnings).toEqual([]);
  expect(validateDocument(document)).toEqual([]);
  const spec = (name: string, replicas: number) => ({
    version: "v2",
    serviceAccount: name,
    labels: { app: name },
    replicas,
  });
  expect(specOf(document, "Workload/shop/migrate")).toEqual(spec("migrate", 2));
  expect(specOf(document, "Workload/shop/nightly")).toEqual(spec("nightly", 1));
  const { resources } = exportDocument("kubernetes", document);
  expect(schemaErrors(resources, "kubernetes")).toEqual([]);
  expect(resources.filter(({ apiVersion }) => apiVersion === "batch/v1")).toMatchObject([
    {
      kind: "Job",
      metadata: { name: "migrate" },
      spec: { parallelism: 2, template: { spec: { serviceAccountName: "migrate" } } },
    },
    { kind: "CronJob", metadata: { name: "nightly" }, spec: { schedule: "5 3 * * *" } },
  ]);
  const again = imported(...resources.map((each) => JSON.stringify(each)));
  for (const name of ["migrate", "nightly"])
    expect(specOf(again.document, `Workload/shop/${name}`)).toEqual(specOf(document, `Workload/shop/${name}`));
});

test("what is kept of a port stands at its place in the design, also behind one that is left out", () => {
  const text = `apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop}
spec:
  selector: {app: a}
  ports: [{name: dns, port: 53, protocol: UDP, targetPort: 5353}, {name: http, port: 80, targetPort: 8080}]
`;
  const { kept } = imported(text);
  expect(kept.map(({ path, value }) => [path, value])).toEqual([
    ["spec.ports[0].targetPort", 8080],
    ["spec.selector", { app: "a" }],
  ]);
});
