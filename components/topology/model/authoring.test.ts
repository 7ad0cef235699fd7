import { describe, expect, it } from "vitest";
import {
  applyCommand,
  type Command,
  demoMesh,
  demoPositions,
  emptyMesh,
  type MeshDocument,
  type MeshObject,
  objectKey,
} from "@/lib/mesh";
import { addGesture, connectGesture, lineGesture, notDrawn, readQuickAdd } from "./authoring";
import { clipOf, pasteGesture, readClip } from "./clip";
import { find, toName } from "./document";
import { removalOf } from "./removal";
import { isDrawn } from "./to-canvas";

const apply = (document: MeshDocument, command: Command) => {
  const result = applyCommand(document, {}, command);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  return result.document;
};
const keys = (document: MeshDocument) => document.objects.map(objectKey);
const service = (name: string) => `Service/production/${name}`;

describe("authoring on the canvas", () => {
  it("adds a service with its namespace and a workload in one step", () => {
    const gesture = addGesture(emptyMesh("shop"), "Service", "My Orders", "production", { x: 1, y: 2 });
    const after = apply(emptyMesh("shop"), gesture.command);
    expect(keys(after)).toEqual(
      expect.arrayContaining(["Namespace//production", service("my-orders"), "Workload/production/my-orders-v1"]),
    );
    expect(gesture.select).toEqual([service("my-orders")]);
  });

  it("adds a workload that only calls as one box, draws lines from it and none to it, and copies it", () => {
    const gesture = addGesture(demoMesh(), "Workload", "nightly", "production", { x: 1, y: 2 });
    const job = "Workload/production/nightly";
    expect(gesture.select).toEqual([job]);
    const after = apply(demoMesh(), gesture.command);
    expect(isDrawn(find(after, job) as MeshObject)).toBe(true);
    const line = connectGesture(after, job, service("cart"));
    if ("refused" in line) throw new Error(line.refused);
    expect(keys(apply(after, line.command))).toContain("Dependency/production/nightly-to-cart");
    expect(connectGesture(after, service("cart"), job)).toEqual({
      refused: "nightly serves nothing: draw lines from it, not to it.",
    });
    const clip = clipOf(after, { [job]: { x: 1, y: 2 } }, [job]);
    if (!clip) throw new Error("no clip");
    expect(pasteGesture(after, clip, { x: 10, y: 10 }).select).toEqual(["Workload/production/nightly-2"]);
    expect(readQuickAdd("job: nightly report")).toEqual({ kind: "Workload", name: "nightly-report" });
  });

  it("never takes a name that is taken", () => {
    const gesture = addGesture(demoMesh(), "Service", "cart", "production", { x: 0, y: 0 });
    expect(gesture.select).toEqual([service("cart-2")]);
  });

  it("draws a typed line, and adds who is not there yet in the same step", () => {
    const places = [
      { x: 8, y: 16 },
      { x: 8, y: 160 },
    ];
    const line = { from: "reviews", to: "stars" };
    expect(notDrawn(demoMesh(), line)).toEqual(["reviews", "stars"]);
    const both = lineGesture(demoMesh(), line, "production", places);
    if ("refused" in both) throw new Error(both.refused);
    expect(keys(apply(demoMesh(), both.command))).toEqual(
      expect.arrayContaining([service("reviews"), service("stars"), "Dependency/production/reviews-to-stars"]),
    );
    const one = lineGesture(demoMesh(), { from: "cart", to: "stars" }, "production", places);
    expect("command" in one && keys(apply(demoMesh(), one.command)).length).toBe(keys(demoMesh()).length + 3);
    expect(lineGesture(demoMesh(), { from: "stars", to: "stars" }, "production", places)).toEqual({
      refused: "A service needs no line to itself.",
    });
    expect(notDrawn(demoMesh(), { from: "cart", to: "shipping" })).toEqual([]);
  });

  it("connects once, and says why not a second time", () => {
    const gesture = connectGesture(demoMesh(), service("cart"), service("shipping"));
    expect("command" in gesture && keys(apply(demoMesh(), gesture.command))).toContain(
      "Dependency/production/cart-to-shipping",
    );
    expect(connectGesture(demoMesh(), service("checkout"), service("shipping"))).toEqual({
      refused: "checkout to shipping is drawn already.",
    });
  });

  it("refuses lines that could carry nothing", () => {
    expect(connectGesture(demoMesh(), "ExternalService/production/carrier-api", service("cart"))).toHaveProperty(
      "refused",
    );
    expect(connectGesture(demoMesh(), service("cart"), "Gateway/production/shop-gateway")).toHaveProperty("refused");
  });

  it("gives a new gateway a route and a new external callee an egress rule", () => {
    let document = apply(demoMesh(), addGesture(demoMesh(), "Gateway", "front", "production", { x: 0, y: 0 }).command);
    const route = connectGesture(document, "Gateway/production/front", service("cart"));
    if (!("command" in route)) throw new Error("refused");
    document = apply(document, route.command);
    expect(keys(document)).toContain("Route/production/front");
    document = apply(document, addGesture(document, "ExternalService", "bank", "production", { x: 0, y: 0 }).command);
    const egress = connectGesture(document, service("cart"), "ExternalService/production/bank");
    if (!("command" in egress)) throw new Error("refused");
    expect(keys(apply(document, egress.command))).toContain("Egress/production/bank");
  });

  it("says in numbers what a removal takes along", () => {
    const removal = removalOf(demoMesh(), demoPositions(), [service("payment-service")]);
    expect(removal?.sentence).toMatch(/^payment-service goes, and with it 1 dependency, 2 workloads/);
    expect(removal?.also).toBeGreaterThan(2);
    expect(removalOf(demoMesh(), {}, ["Service/production/nobody"])).toBeNull();
  });

  it("pastes copies with new names, their workloads and the lines among them", () => {
    const clip = clipOf(demoMesh(), demoPositions(), [service("checkout"), service("shipping")]);
    if (!clip) throw new Error("nothing copied");
    const gesture = pasteGesture(demoMesh(), readClip(JSON.stringify(clip)) ?? clip, { x: 40, y: 40 });
    const after = keys(apply(demoMesh(), gesture.command));
    expect(gesture.select).toEqual([service("checkout-2"), service("shipping-2")]);
    expect(after).toEqual(
      expect.arrayContaining(["Dependency/production/checkout-2-to-shipping-2", "Workload/production/checkout-2-v1"]),
    );
  });

  it("calls an external service by the host that was typed", () => {
    const hostsOf = (text: string) => {
      const { command } = addGesture(demoMesh(), "ExternalService", text, "production", { x: 0, y: 0 });
      const added = command.type === "batch" ? command.commands.at(-1) : undefined;
      return added?.type === "addObject" && added.object.kind === "ExternalService" ? added.object.spec.hosts : [];
    };
    expect(hostsOf("api.stripe.com")).toEqual(["api.stripe.com"]);
    expect(hostsOf("carrier")).toEqual(["carrier.example.com"]);
  });

  it("takes nothing from a clipboard that is not ours", () => {
    expect(readClip("hello")).toBeNull();
    expect(readClip('{"a":1}')).toBeNull();
  });

  it("reads what is typed into quick add", () => {
    expect(readQuickAdd("Order History")).toEqual({ kind: "Service", name: "order-history" });
    expect(readQuickAdd("external: api.stripe.com")).toEqual({
      kind: "ExternalService",
      name: "api-stripe-com",
      host: "api.stripe.com",
    });
    expect(readQuickAdd("external: Carrier")).toEqual({ kind: "ExternalService", name: "carrier" });
    expect(readQuickAdd("cart > shipping")).toEqual({ from: "cart", to: "shipping" });
    expect(readQuickAdd("  ")).toBeNull();
    expect(toName("--A b--")).toBe("a-b");
  });
});
