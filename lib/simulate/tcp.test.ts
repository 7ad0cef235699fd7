import { expect, test } from "vitest";
import { LEDGER_HOST, LEDGER_PORT, ledgerMesh, ledgerRoute } from "../compile/testing/ledger";
import { object, withMode } from "../compile/testing/rich";
import type { MeshDocument } from "../mesh";
import { type Answer, accessMatrix, ask, buildScene, callsOf, consequencesOf } from ".";

const connect = (document: MeshDocument, workload: string, more: { draw?: number; host?: string } = {}): Answer =>
  ask(buildScene(document), {
    from: { kind: "workload", workload: `Workload/production/${workload}` },
    to: { host: more.host ?? "ledger", port: LEDGER_PORT },
    method: "CONNECT",
    path: "/",
    headers: {},
    ...(more.draw === undefined ? {} : { draw: more.draw }),
  });

test("a connection is told with the share of each subset, its grant and mutual TLS; a draw picks one", () => {
  const document = ledgerMesh(ledgerRoute());
  const answer = connect(document, "storefront-v1");
  expect(answer).toMatchObject({ outcome: "forwarded", status: null });
  expect(answer.destinations.map(({ subset, probability }) => [subset, probability])).toEqual([
    ["v1", 0.75],
    ["v2", 0.25],
  ]);
  expect(answer.hops).toMatchObject([
    { direction: "outbound", mtls: "mutual", rule: { object: "TcpRoute/production/ledger", path: "spec.rules[1]" } },
    {
      direction: "inbound",
      mtls: "mutual",
      cluster: "inbound|5432",
      isConnection: true,
      authorization: { allowed: true, policy: "Dependency/production/storefront-to-ledger" },
    },
  ]);
  expect(answer.sentence).toBe(
    "The connections of storefront go 75 % to ledger v1, 25 % to ledger v2, in mutual TLS, by rule 2 of TcpRoute ledger; the drawn dependency storefront-to-ledger allows it.",
  );
  const drawn = (draw: number) => connect(document, "storefront-v1", { draw }).hops[0]?.cluster;
  expect([0, 0.74, 0.76].map(drawn)).toEqual([
    "outbound|5432|v1|ledger.production",
    "outbound|5432|v1|ledger.production",
    "outbound|5432|v2|ledger.production",
  ]);
});

test("a rule for other callers is told to those who do not have it", () => {
  const [outbound] = connect(ledgerMesh(ledgerRoute()), "storefront-v1").hops;
  expect(outbound?.considered.map(({ path, matched, why }) => [path, matched, why])).toEqual([
    ["spec.rules[0]", false, "it is for another caller with version=v2"],
    ["spec.rules[1]", true, "takes the connection"],
  ]);
  const meant = connect(ledgerMesh(ledgerRoute()), "storefront-v2");
  expect(meant.destinations).toMatchObject([{ service: "Service/production/archive", probability: 1 }]);
  expect(meant.hops[0]?.rule).toMatchObject({ path: "spec.rules[0]", name: "archive" });
});

test("who is denied sees the connection close, without a status", () => {
  const deny = object("AuthorizationPolicy", "no-storefront", {
    target: { service: "ledger" },
    action: "deny",
    rules: [{ from: [{ services: [{ kind: "Service", name: "storefront" }] }], to: [{ ports: [LEDGER_PORT] }] }],
  });
  const answer = connect(ledgerMesh(deny), "storefront-v1");
  expect(answer).toMatchObject({ outcome: "denied", status: null });
  expect(answer.sentence).toBe("ledger closes the connection of storefront: no-storefront, rule 1, denies it.");
  const shadow = connect(ledgerMesh({ ...deny, spec: { ...deny.spec, shadow: true } }), "storefront-v1");
  expect(shadow.hops[1]?.authorization).toMatchObject({
    allowed: true,
    shadow: [{ policy: "AuthorizationPolicy/production/no-storefront" }],
  });
});

test("what is not drawn for the port is no TCP port of the caller; a request to one is told how it is reached", () => {
  expect(connect(ledgerMesh(), "cart-v1")).toMatchObject({ outcome: "no-route", status: 405 });
  const get = ask(buildScene(ledgerMesh()), {
    from: { kind: "workload", workload: "Workload/production/storefront-v1" },
    ...{ to: { host: LEDGER_HOST }, method: "GET", path: "/", headers: {} },
  });
  expect(get).toMatchObject({ outcome: "no-route", status: 404 });
  expect(get.sentence).toBe(
    "storefront answers 404: ledger.production:5432 is a TCP port, which an app reaches by CONNECT.",
  );
});

test("an app that is out of the mesh reaches a TCP port in plain text only where the port takes it", () => {
  const optOut = { reason: "moves", owner: "web" };
  const bare = (document: MeshDocument): MeshDocument => ({
    objects: document.objects.map((each) =>
      each.kind === "Service" && each.metadata.name === "storefront"
        ? { ...each, spec: { ...each.spec, optOut } }
        : each,
    ),
  });
  expect(connect(bare(ledgerMesh()), "storefront-v1", { host: "archive" })).toMatchObject({ outcome: "refused" });
  const observed = withMode(ledgerMesh(), "archive", "observe");
  expect(connect(bare(observed), "storefront-v1", { host: "archive" })).toMatchObject({
    outcome: "forwarded",
    hops: [{ mtls: "plaintext", authorization: { allowed: true } }],
  });
});

test("comparisons ask for connections: a split and a lost grant are consequences", () => {
  const before = ledgerMesh();
  expect(
    callsOf(before)
      .filter(({ method }) => method === "CONNECT")
      .map(({ host, port }) => `${host}:${port}`),
  ).toEqual(["ledger.production:5432", "archive.production:5432"]);
  const kinds = (after: MeshDocument) =>
    consequencesOf(buildScene(before), buildScene(after)).map(({ kind, call }) => [kind, call.method]);
  expect(kinds(ledgerMesh(ledgerRoute()))).toEqual(Array(3).fill(["share", "CONNECT"]));
  const cut: MeshDocument = {
    objects: before.objects.filter(({ metadata }) => metadata.name !== "storefront-to-archive"),
  };
  expect(kinds(cut)).toEqual([["loses-access", "CONNECT"]]);
});

test("connections that were seen are asked again as such", () => {
  const seen = { caller: "Service/production/storefront", callee: "Service/production/archive", count: 7 };
  const calls = callsOf(ledgerMesh(), [{ ...seen, method: "CONNECT", path: "" }]);
  expect(calls.at(-1)).toMatchObject({ host: "archive.production", port: 5432, method: "CONNECT", origin: "observed" });
});

test("who may call whom counts TCP ports as well", () => {
  const cell = (document: MeshDocument, caller: string, callee: string) =>
    accessMatrix(buildScene(document)).cells.find(
      (each) => each.caller === `Service/production/${caller}` && each.callee === `Service/production/${callee}`,
    )?.access;
  const document = ledgerMesh();
  expect(cell(document, "storefront", "archive")).toBe("allowed");
  expect(cell(document, "cart", "archive")).toBe("denied");
  expect(cell(document, "storefront", "ledger")).toBe("allowed");
  expect(cell(document, "cart", "ledger")).toBe("partly");
});
