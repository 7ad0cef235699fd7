// Compile inputs that tests begin from: the demo shop with every app bound and every proxy ready.
import { bindingForDocument, EMPTY_BINDING, localEndpoints } from "@/lib/deploy";
import { demoMesh, digestOf, type MeshDocument } from "@/lib/mesh";
import { type CompileInput, type EnvironmentBinding, NO_ROLLOUT } from "../types";

export const DEMO_APPS = ["storefront", "catalog", "cart", "checkout", "inventory", "payment-service", "shipping"];

export function inputFor(document: MeshDocument, binding?: EnvironmentBinding): CompileInput {
  const bound = binding ?? bindingForDocument(document, EMPTY_BINDING, { demoApps: DEMO_APPS });
  return {
    document,
    digest: digestOf(document),
    binding: bound,
    endpoints: localEndpoints(document, bound),
    rollout: NO_ROLLOUT,
    overrides: {},
  };
}

export function demoInput(): CompileInput {
  const document = demoMesh();
  const binding = bindingForDocument(document, EMPTY_BINDING, { demoApps: DEMO_APPS });
  binding.externals = [
    { namespace: "production", name: "carrier-api", endpoints: [{ host: "127.0.0.1", port: 19_999 }] },
  ];
  binding.gateways = [{ namespace: "production", name: "shop-gateway", publicPort: 18_080 }];
  return inputFor(document, binding);
}
