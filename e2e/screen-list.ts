// Every screen that stands, once: walked by walk.spec.ts and rendered by screens.ts. A new screen is one line here.

export interface Screen {
  name: string;
  /** Under /meshes/shop. */
  path: string;
}

export const SCREENS: readonly Screen[] = [
  { name: "overview", path: "overview" },
  { name: "topology", path: "topology" },
  { name: "topology-selected", path: "topology?sel=Service/production/payment-service" },
  { name: "topology-mtls", path: "topology?overlay=mtls" },
  { name: "topology-owners", path: "topology?overlay=owners&group=owner" },
  { name: "topology-table", path: "topology?show=table" },
  { name: "services", path: "services" },
  { name: "service", path: "services/production/payment-service" },
  { name: "import", path: "import" },
  { name: "policies", path: "policies" },
  { name: "policy", path: "policies/Route/production/payment-service" },
  { name: "policy-new", path: "policies/new" },
  { name: "findings", path: "findings" },
  { name: "simulate", path: "simulate" },
  { name: "checklist", path: "checklist" },
  { name: "reviews", path: "reviews" },
  { name: "review-new", path: "reviews/new" },
  { name: "rollouts", path: "rollouts" },
  { name: "signals", path: "signals" },
  { name: "signals-service", path: "signals?scope=service&name=Service/production/checkout" },
  { name: "proxies", path: "proxies" },
  { name: "document", path: "document" },
  { name: "settings", path: "settings" },
  { name: "settings-environments", path: "settings?tab=environments" },
  { name: "settings-audit", path: "settings?tab=audit" },
];
