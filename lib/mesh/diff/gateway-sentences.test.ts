import { expect, test } from "vitest";
import { withListeners } from "@/lib/compile/testing/listeners";
import { clientEdgeMesh } from "../../compile/testing/client-edge";
import { mergeDocuments } from "../merge/merge-documents";
import type { Listener, MeshDocument } from "../types";
import { diffDocuments } from "./diff";

const changed = (change: (listeners: Listener[]) => Listener[], document = clientEdgeMesh()): MeshDocument =>
  withListeners(document, change);
const one = (name: string, change: (listener: Listener) => Listener) => (listeners: Listener[]) =>
  listeners.map((each) => (each.name === name ? change(each) : each));
const withClients = (clients: NonNullable<Listener["tls"]>["clients"]) => (listener: Listener) => ({
  ...listener,
  tls: { certificate: "wild", ...(clients ? { clients } : {}) },
});
const told = (to: MeshDocument, from = clientEdgeMesh()) =>
  diffDocuments(from, to).map(({ sentence, path }) => [sentence, path]);

test.each([
  ["open", { mode: "required" }, "listener open: clients have to show a certificate.", 5],
  [
    "shop",
    { mode: "required", names: ["a.example", "spiffe://b.example/c"] },
    "listener shop: clients have to show a certificate of a.example or spiffe://b.example/c.",
    2,
  ],
  [
    "shop",
    { mode: "required", names: ["a.example"], pinnedKeys: ["k"], pinnedCertificates: ["c"], checkRevocation: true },
    "listener shop: clients have to show a certificate of a.example, one of 2 that are pinned, unless it is revoked.",
    2,
  ],
  [
    "shop",
    { mode: "required", pinnedKeys: ["k"] },
    "listener shop: clients have to show a certificate, the one that is pinned.",
    2,
  ],
  [
    "shop",
    { mode: "optional", checkRevocation: true },
    "listener shop: clients may show a certificate, which then has to be valid and not be revoked.",
    2,
  ],
  ["shop", { mode: "optional" }, "listener shop: clients may show a certificate, which then has to be valid.", 2],
  ["shop", undefined, "listener shop: clients are not asked for certificates any more.", 2],
] as const)("client certificates of %s: %j", (name, clients, sentence, place) => {
  const meant = clients && { ...clients, ...("names" in clients ? { names: [...clients.names] } : {}) };
  const path = `spec.listeners[${place}].tls.clients`;
  expect(told(changed(one(name, withClients(meant as never))))).toEqual([[`Gateway edge, ${sentence}`, path]]);
});

test("a redirect to HTTPS that begins or ends", () => {
  const ended = changed(one("web", ({ httpsRedirect: _, ...rest }) => rest));
  const path = "spec.listeners[0].httpsRedirect";
  expect(told(ended)).toEqual([
    ["Gateway edge, listener web: plain HTTP is served, and no longer sent on to HTTPS.", path],
  ]);
  expect(told(clientEdgeMesh(), ended)).toEqual([
    ["Gateway edge, listener web: plain HTTP is sent on to HTTPS (301).", path],
  ]);
});

test("listeners that come, go and change places", () => {
  const without = changed((all) => all.filter(({ name }) => name !== "shop"));
  expect(told(without)).toEqual([
    ["Gateway edge: listener shop (https at port 443 for shop.example.com) is removed.", "spec.listeners[2]"],
  ]);
  expect(told(clientEdgeMesh(), without)).toEqual([
    [
      "Gateway edge: listener shop is added (https at port 443 for shop.example.com; clients have to show a certificate).",
      "spec.listeners[2]",
    ],
  ]);
  expect(told(changed((all) => all.toReversed()))).toEqual([
    ["Gateway edge: its listeners are in another order.", "spec.listeners"],
  ]);
});

test("other fields of a listener are told as ever, and TLS that goes is told whole", () => {
  const moved = changed(one("shop", (listener) => ({ ...listener, port: 8444 })));
  expect(told(moved)).toEqual([
    ["Gateway edge: listeners[2].port changes from 443 to 8444.", "spec.listeners[2].port"],
  ]);
  const plain = changed(one("shop", ({ tls: _, ...rest }) => ({ ...rest, protocol: "tcp" as const })));
  expect(told(plain).map(([, path]) => path)).toEqual(["spec.listeners[2].protocol", "spec.listeners[2].tls"]);
});

test("one side asks for certificates, the other sends plain HTTP on: merged without a conflict; names differ: told", () => {
  const base = changed(one("web", ({ httpsRedirect: _, ...rest }) => rest));
  const ours = changed(one("open", withClients({ mode: "required" })), base);
  const theirs = changed(
    one("web", (listener) => ({ ...listener, httpsRedirect: true })),
    base,
  );
  const merged = mergeDocuments({ base, ours, theirs });
  expect(merged.conflicts).toEqual([]);
  expect(told(merged.document)).toEqual([
    ["Gateway edge, listener open: clients have to show a certificate.", "spec.listeners[5].tls.clients"],
  ]);
  const names = (list: string[]) => changed(one("shop", withClients({ mode: "required", names: list })));
  const torn = mergeDocuments({ base: clientEdgeMesh(), ours: names(["a"]), theirs: names(["b", "c"]) });
  expect(torn.conflicts.map(({ path }) => path)).toEqual(["spec.listeners[2].tls.clients.names"]);
});

test("who connects and how many, before anything is asked", () => {
  const of = (before: Partial<Listener>, after: Partial<Listener>) =>
    told(
      changed(one("web", (each) => ({ ...each, ...after }))),
      changed(one("web", (each) => ({ ...each, ...before }))),
    ).map(([sentence]) => sentence);
  const web = "Gateway edge, listener web:";
  expect(of({}, { proxyProtocol: "required", connectionLimit: { maxConnections: 5 } })).toEqual([
    `${web} connections begin with the PROXY protocol, which says who the client is.`,
    `${web} at most 5 connections are open at once.`,
  ]);
  expect(of({ proxyProtocol: "required", connectionLimit: { maxConnections: 5 } }, {})).toEqual([
    `${web} connections begin without the PROXY protocol, and the client is who connects.`,
    `${web} any number of connections may be open (5 before).`,
  ]);
  expect(of({ connectionLimit: { maxConnections: 5 } }, { connectionLimit: { maxConnections: 6 } })).toEqual([
    `${web} at most 6 connections are open at once (5 before).`,
  ]);
  const grown = changed((all) => [
    ...all,
    {
      name: "more",
      port: 90,
      protocol: "tcp",
      hosts: ["*"],
      proxyProtocol: "optional",
      connectionLimit: { maxConnections: 2 },
    },
  ]);
  expect(told(grown)[0]?.[0]).toBe(
    "Gateway edge: listener more is added (tcp at port 90 for *; connections may begin with the PROXY protocol, which then says who the client is; at most 2 connections are open at once).",
  );
});
