import { expect, test } from "vitest";
import { boundEdge, CERTIFICATES, HTTPS_PORT, httpsEdgeMesh } from "@/lib/compile/testing/https-edge";
import { withListeners } from "@/lib/compile/testing/listeners";
import type { MeshDocument } from "@/lib/mesh";
import { evaluateDesign } from "../evaluate";

const BOUND = boundEdge({ listenerPorts: { shop: HTTPS_PORT, rest: HTTPS_PORT }, certificates: CERTIFICATES });

/** Of the demo's own gateway nothing is left, for it has no TLS. */
function judged(document: MeshDocument) {
  const objects = document.objects.filter(
    ({ kind, metadata, spec }) =>
      !(kind === "Gateway" && metadata.name !== "edge") && !JSON.stringify(spec).includes("shop-gateway"),
  );
  const binding = { instances: [], externals: [], gateways: [BOUND] };
  const found = evaluateDesign({ objects }, { binding }).find(({ control }) => control === "TLS-06");
  return { design: found?.design, compiled: found?.compiled };
}

const withoutPlain = (): MeshDocument =>
  withListeners(httpsEdgeMesh(), (all) => all.filter(({ name }) => name !== "web"));

test("a gateway that takes calls in TLS alone has a minimum version, in the design and as it is compiled", () => {
  const { design, compiled } = judged(withoutPlain());
  expect([design?.state, compiled?.state]).toEqual(["pass", "pass"]);
  expect(JSON.stringify(design)).toContain("edge takes calls from outside in TLS 1.2 or newer.");
});

test("a listener in plain HTTP beside it fails, and is named", () => {
  const { design, compiled } = judged(httpsEdgeMesh());
  expect([design?.state, compiled?.state]).toEqual(["fail", "fail"]);
  expect(JSON.stringify(design)).toContain("in plain HTTP (listener web): that has no version of TLS at all.");
});

test("a listener that only sends plain HTTP on to HTTPS passes; beside one host that it serves it does not", () => {
  const sentOn = (hosts: string[]): MeshDocument =>
    withListeners(httpsEdgeMesh(), (all) =>
      all.map((one) => (one.name === "web" ? { ...one, hosts, httpsRedirect: true } : one)),
    );
  const { design, compiled } = judged(sentOn(["*"]));
  expect([design?.state, compiled?.state]).toEqual(["pass", "pass"]);
  expect(JSON.stringify(compiled)).toContain("only sends calls on to HTTPS");
  // the route's other host is served without TLS, for no listener in TLS has it
  const status = judged({
    objects: sentOn(["shop.example.com"]).objects.map((each) =>
      each.kind === "Route" && each.metadata.name === "edge-rest"
        ? { ...each, spec: { ...each.spec, hosts: ["status.example.net"] } }
        : each,
    ),
  });
  expect(status.compiled?.state).toBe("fail");
});
