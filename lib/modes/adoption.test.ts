import { expect, test } from "vitest";
import { applyCommand, type Command, demoMesh, type MeshDocument, validateDocument } from "@/lib/mesh";
import type { ObservedCall } from "@/lib/simulate";
import { adoptionOf, goToStep, optIn, optOut } from ".";

const PAYMENT = "Service/production/payment-service";
const changed = (document: MeshDocument, ...commands: Command[]): MeshDocument => {
  const result = applyCommand(document, {}, { type: "batch", commands });
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  return result.document;
};
const seen = (caller: string, count: number): ObservedCall => ({
  caller: `Service/production/${caller}`,
  callee: PAYMENT,
  method: "POST",
  path: "/pay",
  code: 200,
  count,
});
const of = (
  document: MeshDocument,
  calls: ObservedCall[],
  plaintext: Parameters<typeof adoptionOf>[1]["plaintext"] = [],
) => {
  const found = adoptionOf(document, { calls, plaintext }).find((each) => each.service === PAYMENT);
  if (!found) throw new Error("payment-service is not there");
  return found;
};
const at = (step: "observe" | "permissive" | "strict" | "enforced") => changed(demoMesh(), goToStep(PAYMENT, step));

test("a service that says nothing stands where the mesh's defaults put it", () => {
  expect(of(demoMesh(), [])).toMatchObject({ current: "enforced", isOwn: false, next: null });
  const open = changed(demoMesh(), {
    type: "patchSpec",
    key: "Mesh//shop",
    path: ["defaults", "mutualTls"],
    value: "permissive",
  });
  expect(of(open, [])).toMatchObject({ current: "permissive", next: "strict", previous: "observe" });
});

test("without traffic no step is called safe", () => {
  expect(of(at("observe"), []).sentence).toBe(
    "payment-service is at observe. No calls were seen, so nobody can say what permissive would break.",
  );
});

test("a drawn caller with an identity may go all the way", () => {
  const found = of(at("observe"), [seen("checkout", 40)]);
  expect(found.ahead.map((each) => [each.step, each.blockers.length])).toEqual([
    ["permissive", 0],
    ["strict", 0],
    ["enforced", 0],
  ]);
  expect(found.sentence).toBe("payment-service can go on to permissive: none of the 40 calls seen would fail.");
});

test("a caller without TLS breaks at strict, not before", () => {
  const plaintext = [{ caller: null, callee: PAYMENT, requests: 7 }];
  const found = of(at("permissive"), [seen("checkout", 40)], plaintext);
  expect(found.ahead.map((each) => [each.step, each.blockers.map((blocker) => blocker.sentence)])).toEqual([
    ["strict", ["Somebody without an identity called 7 times without TLS; the connection would be refused."]],
    ["enforced", ["Somebody without an identity called 7 times without TLS; the connection would be refused."]],
  ]);
  expect(found.sentence).toBe("payment-service stays at permissive: 7 of the calls seen would fail at strict.");
});

test("a caller whom a denial names breaks as soon as denials are kept", () => {
  const denied = changed(at("observe"), {
    type: "addObject",
    object: {
      apiVersion: "meshwright.dev/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "no-checkout", namespace: "production" },
      spec: {
        target: { service: "payment-service" },
        action: "deny",
        rules: [{ from: [{ services: [{ kind: "Service", name: "checkout" }] }] }],
      },
    },
  });
  const [first] = of(denied, [seen("checkout", 3)]).ahead;
  expect(first).toMatchObject({ step: "permissive", blockers: [{ kind: "refused", requests: 3 }] });
  expect(first?.blockers[0]?.sentence).toContain("checkout called POST /pay 3 times; it would get 403");
});

test("steps, leaving and coming back are commands that fit, and can be undone", () => {
  for (const command of [goToStep(PAYMENT, "strict"), optOut(PAYMENT, { reason: "mainframe", owner: "payments" })]) {
    const result = applyCommand(demoMesh(), {}, command);
    if (!result.ok) throw new Error(JSON.stringify(result.violations));
    expect(validateDocument(result.document)).toEqual([]);
    const back = applyCommand(result.document, {}, result.inverse);
    expect(back).toMatchObject({ ok: true });
  }
  const out = changed(demoMesh(), optOut(PAYMENT, { reason: "mainframe", owner: "payments", expiresOn: "2027-01-31" }));
  expect(of(out, []).sentence).toBe("payment-service is out of the mesh: mainframe (payments, until 2027-01-31).");
  expect(of(changed(out, optIn(PAYMENT)), [])).toMatchObject({ current: "observe", optOut: null });
});
