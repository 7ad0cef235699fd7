// Every screen that stands, once: walked by walk.spec.ts and rendered by screens.ts. A new screen is one line here.

export interface Screen {
  name: string;
  /** Under /meshes/shop; `{review}` is a review that stands. */
  path: string;
}

/** MESHWRIGHT_SCREENS=overview,signals-stale looks only at what its name begins with one of these. */
const wanted = process.env.MESHWRIGHT_SCREENS?.split(",");
export const isWanted = ({ name }: { name: string }): boolean => wanted?.some((each) => name.startsWith(each)) ?? true;

export const addressOf = ({ path }: { path: string }, review: number, mesh = "shop"): string =>
  `/meshes/${mesh}/${path.replace("{review}", String(review))}`;

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
  { name: "export", path: "export" },
  { name: "merge", path: "merge" },
  { name: "policies", path: "policies" },
  { name: "policy", path: "policies/Route/production/payment-service" },
  { name: "policy-new", path: "policies/new" },
  { name: "findings", path: "findings" },
  { name: "simulate", path: "simulate" },
  { name: "checklist", path: "checklist" },
  { name: "reviews", path: "reviews" },
  { name: "review-new", path: "reviews/new" },
  { name: "review-purpose", path: "reviews/{review}/purpose" },
  { name: "review-changes", path: "reviews/{review}/changes" },
  { name: "review-trust", path: "reviews/{review}/trust" },
  { name: "review-access", path: "reviews/{review}/access" },
  { name: "review-routing", path: "reviews/{review}/routing" },
  { name: "review-findings", path: "reviews/{review}/findings" },
  { name: "review-checklist", path: "reviews/{review}/checklist" },
  { name: "review-rollout", path: "reviews/{review}/rollout" },
  { name: "review-decision", path: "reviews/{review}/decision" },
  { name: "rollouts", path: "rollouts" },
  { name: "signals", path: "signals" },
  { name: "signals-service", path: "signals?scope=service&name=Service/production/checkout" },
  { name: "proxies", path: "proxies" },
  { name: "selection", path: "selection" },
  { name: "document", path: "document" },
  { name: "settings", path: "settings" },
  { name: "settings-environments", path: "settings?tab=environments" },
  { name: "settings-telemetry", path: "settings?tab=telemetry" },
  { name: "settings-authorizers", path: "settings?tab=authorizers" },
  { name: "settings-audit", path: "settings?tab=audit" },
];
