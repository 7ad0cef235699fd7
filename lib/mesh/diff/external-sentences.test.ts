import { expect, test } from "vitest";
import { object, withObjects } from "@/lib/compile/testing/rich";
import { demoMesh, type ExternalTls, type SpecOf } from "..";
import { diffDocuments } from "./diff";

const bank = (tls: ExternalTls | undefined, more: Partial<SpecOf<"ExternalService">> = {}) =>
  withObjects(demoMesh(), [
    object("ExternalService", "bank", {
      hosts: ["bank.example"],
      ports: [{ name: "http", port: 80, protocol: "http" }],
      ...(tls ? { tls } : {}),
      ...more,
    }),
  ]);
const told = (before: ExternalTls | undefined, after: ExternalTls | undefined) =>
  diffDocuments(bank(before), bank(after)).map(({ sentence, path }) => [sentence, path]);
const SIMPLE = { mode: "simple" } as const;

test.each<[ExternalTls | undefined, ExternalTls | undefined, string]>([
  [
    undefined,
    SIMPLE,
    "calls leave in TLS with a certificate of a public authority now; the app itself goes on speaking plain HTTP to its proxy (in plain text before).",
  ],
  [
    SIMPLE,
    undefined,
    "calls leave in plain text now, which whoever is on the way can read and change (in TLS with a certificate of a public authority before).",
  ],
  [
    SIMPLE,
    { mode: "mutual", sni: "a.example", subjectAltNames: ["b.example", "c.example"], authorities: "environment" },
    "calls leave in mutual TLS to a.example with a certificate for b.example or c.example of an authority of the environment now; a server that cannot show this gets no call (in TLS with a certificate of a public authority before).",
  ],
  [
    SIMPLE,
    { ...SIMPLE, insecureSkipVerify: true },
    "calls leave in TLS that verifies nobody now, and whoever is on the way can answer instead (in TLS with a certificate of a public authority before).",
  ],
])("a change of TLS is said once, with what follows from it", (before, after, words) => {
  expect(told(before, after)).toEqual([[`External service bank: ${words}`, "spec.tls"]]);
});

test("what stays is not told, and a new external service says how calls leave", () => {
  expect(told(SIMPLE, SIMPLE)).toEqual([]);
  expect(diffDocuments(demoMesh(), bank(SIMPLE)).map(({ sentence }) => sentence)).toEqual([
    "External service bank is added: calls leave in TLS with a certificate of a public authority.",
  ]);
});

test("what connections begin with and where they go is told with what follows from it", () => {
  const own = { proxyProtocol: "v2", resolution: "dns-round-robin" } as const;
  const sentences = (before: typeof own | undefined, after: typeof own | undefined) =>
    diffDocuments(bank(undefined, before), bank(undefined, after)).map(({ sentence, path }) => [sentence, path]);
  expect(sentences(undefined, own)).toEqual([
    [
      "External service bank: connections begin with the PROXY protocol, version 2, which says who called now; a host that does not expect it takes it for a broken call (without the PROXY protocol before).",
      "spec.proxyProtocol",
    ],
    [
      "External service bank: calls go to one address of its name at a time now (to all addresses of its name before).",
      "spec.resolution",
    ],
  ]);
  expect(sentences(own, undefined).map(([sentence]) => sentence)).toEqual([
    "External service bank: connections begin without the PROXY protocol now; it takes the caller's proxy for who calls, and a host that expects it answers nothing (with the PROXY protocol, version 2, which says who called before).",
    "External service bank: calls go to all addresses of its name now (to one address of its name at a time before).",
  ]);
  expect(sentences(own, own)).toEqual([]);
  expect(diffDocuments(demoMesh(), bank(undefined, own)).map(({ sentence }) => sentence)).toEqual([
    "External service bank is added: connections begin with the PROXY protocol, version 2, which says who called; calls go to one address of its name at a time.",
  ]);
});
