import { expect, test } from "vitest";
import { clientEdgeMesh, PARTNER_NAMES, pinningEdgeMesh } from "@/lib/compile/testing/client-edge";
import { boundEdge } from "@/lib/compile/testing/https-edge";
import { withListeners } from "@/lib/compile/testing/listeners";
import type { Listener, MeshDocument } from "@/lib/mesh";
import { ask, buildScene, callsOf, consequencesOf, type QuestionCertificate, question } from ".";
import { madeUpWorld } from "./world";

const GATEWAY = "Gateway/production/edge";
const asked = (name: string, certificate?: QuestionCertificate, port = 443) => ({
  from: { kind: "outside" as const, gateway: GATEWAY },
  to: { host: `${name}.example.com`, port },
  ...{ method: "GET", path: "/", headers: {} },
  ...(certificate ? { certificate } : {}),
});
const answer = (...of: Parameters<typeof asked>) => ask(buildScene(clientEdgeMesh()), asked(...of));

test.each([
  ["shop", undefined, "it asks for a client certificate, and none is shown"],
  ["shop", { names: [], isForged: true }, "nobody whom it trusts signed the client's certificate"],
  ["either", { names: ["a"], isForged: true }, "nobody whom it trusts signed the client's certificate"],
  [
    "partners",
    { names: ["two.example"] },
    `it asks for a certificate of ${PARTNER_NAMES.join(" or ")}, and the client's has two.example`,
  ],
  [
    "partners",
    { names: [] },
    `it asks for a certificate of ${PARTNER_NAMES.join(" or ")}, and the client's has no name`,
  ],
] as const)("refused at the handshake: %s with %j", (name, certificate, why) => {
  const shown = certificate && { ...certificate, names: [...certificate.names] };
  expect(answer(name, shown)).toMatchObject({
    ...{ outcome: "refused", status: null, destinations: [] },
    sentence: `edge refuses the connection at listener ${name} (port 443): ${why}.`,
  });
});

test("who has what is asked for comes in, and where nobody is asked it does not matter", () => {
  for (const [name, certificate] of [
    ["shop", { names: [] }],
    ["either", undefined],
    ["either", { names: ["a"] }],
    ["open", { names: ["a"], isForged: true }],
    ...PARTNER_NAMES.map((each) => ["partners", { names: [each] }] as const),
    ["partners", { names: ["*.partners.example"] }],
    ["partners", { names: ["2001:DB8:0:0:0:0:0:1"] }],
  ] as const) {
    const shown = certificate && { ...certificate, names: [...certificate.names] };
    expect(answer(name, shown).outcome, `${name} ${JSON.stringify(certificate)}`).toBe("forwarded");
  }
});

test("an environment without the authorities does not serve the listener", () => {
  const document = clientEdgeMesh();
  const world = madeUpWorld(document);
  const gateways = [boundEdge({ certificates: { wild: { chain: "/a.pem", key: "/b.pem" } } })];
  const scene = buildScene(document, { ...world, binding: { ...world.binding, gateways } });
  expect(ask(scene, asked("shop", { names: [] })).sentence).toBe(
    "edge does not serve listener shop (port 443): the environment does not say where its certificate is, or who signs those of its clients.",
  );
});

test("a certificate in a question has limits", () => {
  const read = (certificate: unknown) => question.safeParse({ ...asked("shop"), certificate }).success;
  expect(read({ names: [] })).toBe(true);
  expect(read({ names: ["spiffe://a/b"], isForged: true })).toBe(true);
  for (const wrong of [
    {},
    { names: "a" },
    { names: [""] },
    { names: ["a\nb"] },
    { names: Array(65).fill("a") },
    { names: [], key: "x" },
  ])
    expect(read(wrong), JSON.stringify(wrong)).toBe(false);
});

function withListener(name: string, change: (listener: Listener) => Listener): MeshDocument {
  return withListeners(clientEdgeMesh(), (all) => all.map((one) => (one.name === name ? change(one) : one)));
}

test("a port that begins to ask: who comes without a certificate loses access, who has one does not", () => {
  const asking = withListener("open", (one) => ({
    ...one,
    tls: { certificate: "wild", clients: { mode: "required" } },
  }));
  const found = consequencesOf(buildScene(clientEdgeMesh()), buildScene(asking));
  expect(found.map(({ kind, sentence }) => [kind, sentence])).toEqual([
    [
      "loses-access",
      "edge loses access to catalog (GET /): edge refuses the connection at listener open (port 443): it asks for a client certificate, and none is shown.",
    ],
  ]);
});

test("comparisons show what is asked for, and ask at the port in TLS where plain HTTP is only sent on", () => {
  const calls = callsOf(clientEdgeMesh()).filter(({ caller }) => caller === GATEWAY);
  expect(calls.map(({ host, port, certificate }) => [host, port, certificate])).toEqual([
    ["shop.example.com", 443, { names: [] }],
    ["partners.example.com", 443, { names: PARTNER_NAMES.slice(0, 1) }],
    ["either.example.com", 443, undefined],
    ["open.example.com", 443, undefined],
    ["deep.example.com", 8443, undefined],
    ["status.example.com", 8080, undefined],
  ]);
});

test("plain HTTP that begins to be sent on is told as the answer that changed", () => {
  const before = withListener("web", ({ httpsRedirect: _, ...rest }) => rest);
  const found = consequencesOf(buildScene(before), buildScene(clientEdgeMesh()));
  expect(found.map(({ sentence }) => sentence)).toEqual([
    expect.stringContaining("redirects (301) to https://shop.example.com"),
  ]);
});

test("who was revoked is refused where lists are asked; that a key is pinned is told, for a question has none", () => {
  const key = "NvqYIYSbgK2vCJpQhObf77vv+bQWtc5ek5RIOwPiC9A=";
  const scene = buildScene(pinningEdgeMesh({ pinnedKeys: [key] }));
  const of = (name: string, certificate: QuestionCertificate) => ask(scene, asked(name, certificate));
  expect(of("pinned", { names: [], isRevoked: true })).toMatchObject({
    outcome: "refused",
    sentence:
      "edge refuses the connection at listener pinned (port 443): the client's certificate is on a revocation list.",
  });
  expect(of("pinned", { names: [] })).toMatchObject({
    outcome: "forwarded",
    sentence: expect.stringMatching(
      / edge takes the client's certificate at listener pinned \(port 443\) only if it, or its key, is the one that is pinned\.$/,
    ),
  });
  expect(of("shop", { names: [], isRevoked: true }).outcome).toBe("forwarded");
  expect(of("shop", { names: [] }).sentence).not.toContain("pinned");
});
