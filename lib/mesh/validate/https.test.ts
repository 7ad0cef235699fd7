import { expect, test } from "vitest";
import { withListeners } from "@/lib/compile/testing/listeners";
import { httpsEdgeMesh } from "../../compile/testing/https-edge";
import {
  API_VERSION,
  httpsListenersOf,
  type Listener,
  parseObject,
  plainListenerOf,
  redirectTarget,
  validateDocument,
} from "..";

const one: Listener = {
  ...{ name: "one", port: 443, protocol: "https", hosts: ["*.example.com"] },
  tls: { certificate: "wild" },
};

function problems(...listeners: Listener[]): string[] {
  return validateDocument(withListeners(httpsEdgeMesh(), () => listeners))
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

test("clients: names without a certificate to look at, and names that are none", () => {
  const asking = (clients: NonNullable<Listener["tls"]>["clients"]): Listener => ({
    ...one,
    tls: { certificate: "wild", ...(clients ? { clients } : {}) },
  });
  expect(problems(asking({ mode: "required", names: ["a.example"] }))).toEqual([]);
  expect(problems(asking({ mode: "optional" }))).toEqual([]);
  expect(problems(asking({ mode: "optional", names: ["a.example"] }))).toEqual([
    expect.stringMatching(
      /listeners\[0\]\.tls\.clients\.mode: lets clients in without a certificate.* Say mode: required/,
    ),
  ]);
  const read = (names: unknown) =>
    parseObject({
      ...{ apiVersion: API_VERSION, kind: "Gateway", metadata: { name: "edge", namespace: "production" } },
      spec: {
        type: "ingress",
        listeners: [{ ...one, tls: { certificate: "wild", clients: { mode: "required", names } } }],
      },
    });
  expect(read(["spiffe://a/b", "a@b.example", "2001:db8::1"]).ok).toBe(true);
  for (const names of [[], [""], ["a b"], ["a\nb"], ["x".repeat(2049)], Array(65).fill("a")]) {
    const refused = read(names);
    expect(
      refused.ok ? [] : refused.issues.map(({ path }) => path.join(".")),
      JSON.stringify(names).slice(0, 40),
    ).toContainEqual(expect.stringContaining("spec.listeners.0.tls.clients.names"));
  }
});

test("clients: pins need a certificate to look at, and are hashes of the right length", () => {
  const KEY_PIN = "NvqYIYSbgK2vCJpQhObf77vv+bQWtc5ek5RIOwPiC9A=";
  const PIN = "df6ff72fe9116521268f6f2dd4966f51df479883fe7037b39f75916ac3049d1a";
  const asking = (clients: NonNullable<Listener["tls"]>["clients"]): Listener => ({
    ...one,
    tls: { certificate: "wild", ...(clients ? { clients } : {}) },
  });
  expect(problems(asking({ mode: "required", pinnedKeys: [KEY_PIN], checkRevocation: true }))).toEqual([]);
  expect(problems(asking({ mode: "optional", checkRevocation: true }))).toEqual([]);
  expect(problems(asking({ mode: "optional", pinnedKeys: [KEY_PIN] }))).toEqual([
    expect.stringMatching(/asks for pinned keys.* Say mode: required, or take pinnedKeys away\./),
  ]);
  expect(problems(asking({ mode: "optional", pinnedCertificates: [PIN] }))).toEqual([
    expect.stringMatching(/asks for pinned certificates.* or take pinnedCertificates away\./),
  ]);
  const isRead = (clients: object) =>
    parseObject({
      ...{ apiVersion: API_VERSION, kind: "Gateway", metadata: { name: "edge", namespace: "production" } },
      spec: {
        type: "ingress",
        listeners: [{ ...one, tls: { certificate: "w", clients: { mode: "required", ...clients } } }],
      },
    }).ok;
  const colons = PIN.toUpperCase().match(/../g)?.join(":") ?? "";
  expect(isRead({ pinnedKeys: [KEY_PIN], pinnedCertificates: [PIN, colons] })).toBe(true);
  for (const pinnedKeys of [[], [PIN], [KEY_PIN.slice(1)], [KEY_PIN.replace("A=", "B=")], Array(65).fill(KEY_PIN)])
    expect(isRead({ pinnedKeys }), JSON.stringify(pinnedKeys).slice(0, 60)).toBe(false);
  for (const pinnedCertificates of [[], [KEY_PIN], [PIN.slice(1)], [`${PIN}:`], [colons.replace(":", "")]])
    expect(isRead({ pinnedCertificates }), JSON.stringify(pinnedCertificates).slice(0, 60)).toBe(false);
});

test("only what comes without TLS, and is a request, is sent on to HTTPS", () => {
  const plain: Listener = { name: "plain", port: 80, protocol: "http", hosts: ["*"], httpsRedirect: true };
  expect(problems(plain, one)).toEqual([]);
  expect(problems({ ...one, httpsRedirect: false })).toEqual([]);
  for (const other of [
    { ...one, httpsRedirect: true },
    { ...plain, protocol: "tcp" as const },
  ]) {
    expect(problems(other)).toEqual([
      expect.stringMatching(
        /listeners\[0\]\.httpsRedirect: sends requests on to HTTPS.* Give the listener protocol http/,
      ),
    ]);
  }
});

test("a redirect belongs to the closest name of all listeners without TLS, and leads to 443 before other ports", () => {
  const listeners: Listener[] = [
    { name: "web", port: 80, protocol: "http", hosts: ["*.example.com"], httpsRedirect: true },
    { name: "status", port: 8080, protocol: "http", hosts: ["status.example.com"] },
    { ...one, name: "alt", port: 8443 },
    { ...one, name: "usual", hosts: ["*"] },
  ];
  const of = (host: string) => (plainListenerOf(listeners, host)?.httpsRedirect ? "sent on" : "not");
  expect(["a.example.com", "status.example.com", "example.org", "*.example.com"].map(of)).toEqual([
    ...["sent on", "not", "not", "sent on"],
  ]);
  expect(redirectTarget(listeners, "a.example.com")?.name).toBe("usual");
  expect(redirectTarget(listeners.slice(0, 3), "a.example.com")?.name).toBe("alt");
  expect(redirectTarget(listeners.slice(0, 2), "a.example.com")).toBeUndefined();
});

test("a port takes the PROXY protocol from everybody or from nobody; a limit of connections is a number that there can be", () => {
  const plain = (name: string, port: number, more: Partial<Listener> = {}): Listener => ({
    ...{ name, port, protocol: "http", hosts: [`${name}.example.com`] },
    ...more,
  });
  expect(problems(plain("a", 80, { proxyProtocol: "required" }), plain("b", 81))).toEqual([]);
  expect(
    problems(plain("a", 80, { proxyProtocol: "optional" }), plain("b", 80, { proxyProtocol: "optional" })),
  ).toEqual([]);
  for (const proxyProtocol of [undefined, "optional"] as const)
    expect(problems(plain("a", 80, { proxyProtocol: "required" }), plain("b", 80, { proxyProtocol }))).toEqual([
      expect.stringMatching(
        /listeners\[1\]\.proxyProtocol: differs from listener a at the same port.* Say the same at both/,
      ),
    ]);
  const isRead = (more: object) =>
    parseObject({
      ...{ apiVersion: API_VERSION, kind: "Gateway", metadata: { name: "edge", namespace: "production" } },
      spec: { type: "ingress", listeners: [{ ...plain("a", 80), ...more }] },
    }).ok;
  expect(isRead({ connectionLimit: { maxConnections: 1 }, proxyProtocol: "required" })).toBe(true);
  for (const wrong of [
    { connectionLimit: {} },
    { connectionLimit: { maxConnections: 0 } },
    { connectionLimit: { maxConnections: 1.5 } },
    { connectionLimit: { maxConnections: 1_000_001 } },
    { proxyProtocol: true },
    { proxyProtocol: "v2" },
  ])
    expect(isRead(wrong), JSON.stringify(wrong)).toBe(false);
});
