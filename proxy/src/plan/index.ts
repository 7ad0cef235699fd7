// Pure entry point: Envoy v3 messages in, runtime plan out.
export { type PlanOptions, type PlanResources, type PlanResult, plan } from "./plan";
export { type AdsPlan, type BootstrapPlanResult, planBootstrap } from "./plan-bootstrap";
export * from "./types";
export { headerViewOf } from "./views";
