import { expect, test } from "vitest";
import { httpsEdgeMesh } from "../../compile/testing/https-edge";
import { API_VERSION, type Gateway, httpsListenersOf, type MeshDocument, parseObject, validateDocument } from "..";

type Listener = Gateway["spec"]["listeners"][number];
const one: Listener = {
  ...{ name: "one", port: 443, protocol: "https", hosts: ["*.example.com"] },
  tls: { certificate: "wild" },
};

function problems(...listeners: Listener[]): string[] {
  const document: MeshDocument = {
    objects: httpsEdgeMesh().objects.map((each) =>
      each.kind === "Gateway" && each.metadata.name === "edge" ? { ...each, spec: { ...each.spec, listeners } } : each,
    ),
  };
  return validateDocument(document)
    .filter(({ key }) => key === "Gateway/production/edge")
    .map(({ path, message, fix }) => `${path}: ${message}. ${fix}`);
}

test("listeners of protocol https with a certificate each are valid", () => {
  expect(validateDocument(httpsEdgeMesh())).toEqual([]);
  expect(problems(one)).toEqual([]);
});

test("a certificate is named where TLS ends, and nowhere else", () => {
  const { tls: _, ...without } = one;
  expect(problems(without)).toEqual([
    expect.stringMatching(/listeners\[0\]\.tls: is missing: .*certificate\. Name it, as \{ certificate: /),
  ]);
  for (const protocol of ["http", "tls", "tcp"] as const) {
    expect(problems({ ...one, protocol })).toEqual([
      expect.stringContaining(`names a certificate, which a listener of protocol ${protocol} does not show`),
    ]);
  }
});

test("the name of a certificate is that of a Secret", () => {
  const read = (certificate: string) =>
    parseObject({
      ...{ apiVersion: API_VERSION, kind: "Gateway", metadata: { name: "edge", namespace: "production" } },
      spec: { type: "ingress", listeners: [{ ...one, tls: { certificate } }] },
    });
  expect(read("shop.example-com.1").ok).toBe(true);
  for (const certificate of ["", "Shop", "../shop", "a".repeat(254)]) {
    const refused = read(certificate);
    expect(refused.ok ? [] : refused.issues.map(({ path }) => path.join(".")), certificate).toContain(
      "spec.listeners.0.tls.certificate",
    );
  }
});

test("a name belongs to the listener that names it most closely, of each port", () => {
  const listeners: Listener[] = [
    { ...one, name: "all", hosts: ["*"] },
    one,
    { ...one, name: "deep", hosts: ["*.a.example.com", "Shop.example.com"] },
    { ...one, name: "elsewhere", port: 8443, hosts: ["*"] },
    { name: "plain", port: 80, protocol: "http", hosts: ["*"] },
  ];
  const of = (name: string) => httpsListenersOf(listeners, name).map((each) => each.name);
  expect(of("shop.example.com")).toEqual(["deep", "elsewhere"]);
  expect(of("b.a.example.com")).toEqual(["deep", "elsewhere"]);
  expect(of("a.example.com")).toEqual(["one", "elsewhere"]);
  expect(of("example.com")).toEqual(["all", "elsewhere"]);
});
