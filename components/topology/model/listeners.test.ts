import { expect, test } from "vitest";
import { clientEdgeMesh } from "@/lib/compile/testing/client-edge";
import { type Gateway, type Listener, objectKey, parseObject, type Violation, validateDocument } from "@/lib/mesh";
import {
  listenerInWords,
  listenerProblems,
  newListener,
  PROTOCOLS,
  redirectText,
  withList,
  withMode,
  withProtocol,
} from "./listeners";

const LISTENER: Listener = { name: "web", port: 80, protocol: "http", hosts: ["*.shop.example.com"] };
const document = clientEdgeMesh();
const edge = document.objects.find(
  (each): each is Gateway => each.kind === "Gateway" && each.metadata.name === "edge",
) as Gateway;

const withListeners = (listeners: Listener[]): Gateway => ({ ...edge, spec: { ...edge.spec, listeners } });

function violationsWith(listeners: Listener[]): Violation[] {
  const gateway = withListeners(listeners);
  const objects = document.objects.map((each) => (each === edge ? gateway : each));
  return validateDocument({ objects }).filter(({ key }) => key === objectKey(edge));
}

test("a new listener of every protocol is one that the model takes, beside those that are there", () => {
  for (const { value } of PROTOCOLS) {
    const first = newListener(edge, value);
    const second = newListener(withListeners([...edge.spec.listeners, first]), value);
    const gateway = withListeners([...edge.spec.listeners, first, second]);
    expect(parseObject(gateway).ok, value).toBe(true);
    expect(violationsWith(gateway.spec.listeners), value).toEqual([]);
    expect(second).toMatchObject({ name: expect.stringMatching(/-\d$/), protocol: value });
  }
  expect(newListener(withListeners([LISTENER]), "https")).toEqual({
    ...{ name: "https", port: 443, protocol: "https", hosts: ["*"] },
    tls: { certificate: "https" },
  });
});

test("another protocol takes away what only the first has, and brings what it needs itself", () => {
  const redirecting = { ...LISTENER, httpsRedirect: true };
  expect(withProtocol(redirecting, "grpc")).toEqual({ ...redirecting, protocol: "grpc" });
  const https = withProtocol(redirecting, "https");
  expect(https).toEqual({ ...LISTENER, protocol: "https", tls: { certificate: "shop.example.com" } });
  const asking = { ...https, tls: { certificate: "own", clients: { mode: "required" as const } } };
  expect(withProtocol(asking, "https")).toEqual(asking);
  expect(withProtocol(asking, "tls")).toEqual({ ...LISTENER, protocol: "tls" });
});

test("a choice makes the block of clients, and takes it away; names stay with a certificate that is required", () => {
  expect(withMode(undefined, "required")).toEqual({ mode: "required" });
  expect(withMode({ mode: "required", names: ["a"] }, "required")).toEqual({ mode: "required", names: ["a"] });
  expect(withMode({ mode: "required", names: ["a"] }, "optional")).toEqual({ mode: "optional" });
  expect(withMode({ mode: "optional" }, undefined)).toBeUndefined();
  expect(withList({ mode: "optional" }, "names", ["a.example"])).toEqual({ mode: "required", names: ["a.example"] });
  expect(withList({ mode: "required", names: ["a"] }, "names", [])).toEqual({ mode: "required" });
  const pinned = { mode: "required" as const, pinnedKeys: ["k"], checkRevocation: true };
  expect(withMode(pinned, "optional")).toEqual({ mode: "optional", checkRevocation: true });
  expect(withList(pinned, "pinnedCertificates", ["c"])).toEqual({ ...pinned, pinnedCertificates: ["c"] });
});

test("where plain HTTP is sent on to is told, and who has nobody in TLS", () => {
  const both = { ...LISTENER, hosts: ["shop.example.com", "deep.example.com"] };
  expect(redirectText(edge, both)).toBe("Answered 301, to port 443 or 8443.");
  const elsewhere = { ...LISTENER, hosts: ["shop.example.com", "elsewhere.example.net"] };
  expect(redirectText(edge, elsewhere)).toBe(
    "Answered 301, to port 443. Nobody serves elsewhere.example.net in TLS yet.",
  );
  expect(redirectText(withListeners([LISTENER]), LISTENER)).toBe(
    "Answered 301. No listener of protocol https serves these hosts yet.",
  );
});

test("what the model has against a listener stands at the field that it is about", () => {
  const tls = { certificate: "a" };
  const listeners: Listener[] = [
    { name: "a", port: 443, protocol: "https", hosts: ["a.example.com"] },
    { name: "a", port: 443, protocol: "tcp", hosts: ["*"], tls, httpsRedirect: true },
    {
      ...{ name: "c", port: 8443, protocol: "https", hosts: ["c.example.com"] },
      tls: { ...tls, clients: { mode: "optional", names: ["c"] } },
    },
    { name: "d", port: 8443, protocol: "https", hosts: ["c.example.com"], tls },
  ];
  const violations = violationsWith(listeners);
  const fields = listeners.map((_, i) => Object.keys(listenerProblems(violations, i)).sort());
  expect(fields).toEqual([["certificate"], ["certificate", "httpsRedirect", "name", "port"], ["clients"], ["hosts"]]);
  expect(listenerProblems(violations, 1).port).toBe(
    "Uses port 443 with another protocol than the listener before. Choose another port.",
  );
  const path = (place: string) => [{ path: `${objectKey(edge)}#${place}`, message: "is wrong", fix: "Mend it." }];
  expect(listenerProblems(path("spec.listeners[11].port"), 1)).toEqual({});
  expect(listenerProblems(path("spec.listeners[1].hosts[2]"), 1)).toEqual({ hosts: "Is wrong. Mend it." });
  expect(listenerProblems(path("spec.listeners[1].tls.clients.names[0]"), 1)).toEqual({ names: "Is wrong. Mend it." });
});

test("a listener is told in one line", () => {
  expect(listenerInWords({ ...LISTENER, hosts: ["*", "a.example"] })).toBe("http at 80 for any host, a.example");
});
