// What is told where somebody else decides: who is asked, why, what becomes of the request, and on whom the answer depends.
import { expect, test } from "vitest";
import { ask } from "./ask";
import { consequencesOf } from "./compare";
import { buildScene } from "./scene";
import { question } from "./schema";
import { AUTHORIZERS, askingAtGateway, askingMesh } from "./testing/asking";
import { get, without } from "./testing/designs";
import type { AuthorizerAnswer, Question } from "./types";

const scene = buildScene(askingMesh());
const asking = (path: string, authorizers?: Record<string, AuthorizerAnswer>) =>
  ask(scene, get("storefront-v1", "catalog", path, authorizers ? { authorizers } : {}));

test("what an authorizer answers is not guessed: the answer says on whom it depends", () => {
  const answer = asking("/grpc");
  expect(answer).toMatchObject({ outcome: "forwarded", dependsOn: ["by-grpc"] });
  expect(answer.hops[1]?.authorizers).toMatchObject([
    {
      name: "by-grpc",
      answer: null,
      status: null,
      why: "authorizer by-grpc, whom ask-opa asks, decides",
      rule: { object: "AuthorizationPolicy/production/ask-opa", path: "spec.rules[0]", line: expect.any(Number) },
    },
  ]);
  expect(answer.sentence).toContain("Authorizer by-grpc, whom ask-opa asks, decides.");
});

test("a question may say what is answered", () => {
  expect(asking("/grpc", { "by-grpc": "allow" })).toMatchObject({ outcome: "forwarded" });
  expect(asking("/grpc", { "by-grpc": "allow" })).not.toHaveProperty("dependsOn");
  const denied = asking("/grpc", { "by-grpc": "deny" });
  expect(denied).toMatchObject({ outcome: "denied", status: 403 });
  expect(denied.sentence).toBe(
    "catalog refuses storefront with 403: authorizer by-grpc, whom ask-opa asks, refuses it.",
  );
  expect(denied.hops[1]).not.toHaveProperty("authorization");
});

test("without an answer a request is refused with the status for that, or let on where the design says so", () => {
  expect(asking("/grpc", { "by-grpc": "away" })).toMatchObject({ outcome: "denied", status: 503 });
  expect(asking("/http", { "by-http": "away" })).toMatchObject({ outcome: "forwarded", status: null });
});

test("who is let on may still be denied, and who goes nowhere is not asked for", () => {
  const closed = asking("/grpc/closed", { "by-grpc": "allow" });
  expect(closed).toMatchObject({ outcome: "denied", status: 403 });
  expect(closed.sentence).toContain("closed, rule 1, denies it");
  expect(asking("/").hops[1]).not.toHaveProperty("authorizers");
});

test("what nobody can be asked about is refused, by the policy that asks", () => {
  const answer = asking("/unknown", { unknown: "allow" });
  expect(answer).toMatchObject({ outcome: "denied", status: 403 });
  expect(answer.sentence).toContain("ask-nobody, rule 1, asks an authorizer that nobody can reach");
  expect(answer.hops[1]?.authorization?.policy).toBe("AuthorizationPolicy/production/ask-nobody");
});

test("a service that is only observed asks nobody", () => {
  const document = askingMesh();
  const observed = {
    objects: document.objects.map((each) =>
      each.kind === "Service" && each.metadata.name === "catalog"
        ? { ...each, spec: { ...each.spec, mode: "observe" as const } }
        : each,
    ),
  };
  const answer = ask(buildScene(observed), get("storefront-v1", "catalog", "/unknown"));
  expect(answer.outcome).toBe("forwarded");
  expect(answer.hops[1]).not.toHaveProperty("authorizers");
});

test("that somebody else decides is a consequence, and so is that nobody does any more", () => {
  const document = askingMesh();
  const before = buildScene(without(document, "AuthorizationPolicy/production/ask-opa"));
  const told = (consequences: ReturnType<typeof consequencesOf>) =>
    consequences.filter(({ kind }) => kind === "authorizer").map(({ sentence }) => sentence);
  expect(told(consequencesOf(before, scene))).toContainEqual(
    expect.stringMatching(
      /^storefront → catalog \(GET .*\): authorizer by-grpc decides now \(nobody was asked before\)$/,
    ),
  );
  expect(told(consequencesOf(scene, before))).toContainEqual(
    expect.stringMatching(/^storefront → catalog \(GET .*\): nobody is asked any more \(authorizer by-grpc before\)$/),
  );
});

test("an authorizer that loses its address takes access with it", () => {
  const after = buildScene(askingMesh(AUTHORIZERS.map(({ name }) => ({ name }))));
  const lost = consequencesOf(scene, after).filter(({ kind }) => kind === "loses-access");
  expect(lost.map(({ callee }) => callee)).toContain("Service/production/catalog");
});

const outside = buildScene(askingAtGateway());
const visiting = (path: string, more: Partial<Question> = {}) =>
  ask(outside, {
    ...get("storefront-v1", "catalog", path, more),
    from: { kind: "gateway", gateway: "Gateway/production/shop-gateway" },
    to: { host: "shop.example" },
  });

test("a gateway asks before anything of the mesh sees the request", () => {
  const asked = visiting("/grpc");
  expect(asked).toMatchObject({ outcome: "forwarded", dependsOn: ["by-grpc"] });
  expect(asked.hops[0]?.authorizers).toMatchObject([
    { name: "by-grpc", rule: { object: "AuthorizationPolicy/production/gateway-asks-opa", path: "spec.rules[0]" } },
  ]);
  expect(asked.sentence).toContain("Authorizer by-grpc, whom gateway-asks-opa asks, decides.");
  const denied = visiting("/grpc", { authorizers: { "by-grpc": "deny" } });
  expect(denied).toMatchObject({ outcome: "denied", status: 403, destinations: [] });
  expect(denied.sentence).toBe(
    "shop-gateway refuses GET /grpc with 403: authorizer by-grpc, whom gateway-asks-opa asks, refuses it.",
  );
  expect(visiting("/grpc", { authorizers: { "by-grpc": "away" } })).toMatchObject({ outcome: "denied", status: 503 });
  expect(visiting("/unknown").sentence).toContain(
    "gateway-asks-nobody, rule 1, asks an authorizer that nobody can reach",
  );
});

test("a rule by address is about the client of the gateway, whatever the client writes", () => {
  const from = (address: string) =>
    visiting("/http", { address, headers: { "x-forwarded-for": "203.0.113.9" } }).dependsOn;
  expect(from("203.0.113.1")).toEqual(["by-http"]);
  expect(from("10.1.2.3")).toBeUndefined();
});

test("that a gateway asks is a consequence for who comes through it, and for nobody else", () => {
  const told = consequencesOf(
    buildScene(without(askingAtGateway(), "AuthorizationPolicy/production/gateway-asks-opa")),
    outside,
  ).filter(({ kind }) => kind === "authorizer");
  expect(told).toEqual([expect.objectContaining({ caller: "Gateway/production/shop-gateway" })]);
  expect(told[0]?.sentence).toContain("authorizer by-grpc decides now (nobody was asked before)");
});

test("a question from outside may name few authorizers, with answers that there are", () => {
  const asked = get("storefront-v1", "catalog", "/", { authorizers: { opa: "away" } });
  expect(question.safeParse(asked).success).toBe(true);
  expect(question.safeParse({ ...asked, authorizers: { opa: "maybe" } }).success).toBe(false);
});
