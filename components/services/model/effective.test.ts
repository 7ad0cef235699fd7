import { describe, expect, it } from "vitest";
import { demoMesh, type MeshDocument, type Service } from "@/lib/mesh";
import { effectiveOn, stepOf } from "./effective";

function service(document: MeshDocument, name: string): Service {
  const found = document.objects.find((object) => object.kind === "Service" && object.metadata.name === name);
  if (found?.kind !== "Service") throw new Error(`no service ${name}`);
  return found;
}

const of = (document: MeshDocument, name: string) => effectiveOn(document, service(document, name));

describe("what applies to a service", () => {
  it("names the default of the mesh where nobody wrote a policy", () => {
    const [tls] = of(demoMesh(), "cart");
    expect(tls).toMatchObject({ area: "Mutual TLS", from: { words: "default of the mesh" } });
    expect(tls?.sentence).toContain("mutual TLS only");
  });

  it("lists the drawn callers", () => {
    const callers = of(demoMesh(), "inventory").find((each) => each.area === "Who may call");
    expect(callers?.sentence).toBe("catalog and checkout may call, as drawn.");
  });

  it("says what a service without policies does", () => {
    const areas = of({ objects: [service(demoMesh(), "cart")] }, "cart").map((each) => each.area);
    expect(areas).toEqual(["Mutual TLS", "Who may call", "Routing", "Resilience"]);
  });

  it("follows a policy of the service over the mesh's default", () => {
    const document = demoMesh();
    document.objects.push({
      apiVersion: "meshwright.dev/v1",
      kind: "MutualTls",
      metadata: { name: "cart-open", namespace: "production" },
      spec: { target: { service: "cart" }, mode: "permissive" },
    });
    expect(of(document, "cart")[0]).toEqual({
      area: "Mutual TLS",
      sentence: "Takes mutual TLS and plain text.",
      from: { key: "MutualTls/production/cart-open", words: "mutual TLS policy cart-open" },
    });
    expect(stepOf(document, service(document, "cart"))).toBe("permissive");
    expect(stepOf(document, service(document, "checkout"))).toBe("enforced");
  });

  it("names what the service may call outside", () => {
    expect(of(demoMesh(), "shipping").at(-1)).toMatchObject({ area: "What it may call outside" });
  });
});
