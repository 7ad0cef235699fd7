// Controls, their evidence and what counts now. Pure; for server, CLI, review and tests.
export { type ControlChange, compareResults } from "./compare";
export { compileMesh } from "./compiled-mesh";
export { controlById, controls } from "./controls";
export { type EvaluateOptions, evaluateDesign, judgeLive, resultsOf, type StaticResult } from "./evaluate";
export { CONFIDENCE_WORDS, type Framework, frameworks } from "./frameworks";
export { PROBE_NAMESPACE, type ProbeCaller, planProbes, proberId, type ServiceProbe } from "./probe-plan";
export { routesOfProxy } from "./route-facts";
export {
  type EvidenceAge,
  type Standing,
  standingsOf,
  type Waiver,
  waiverProblems,
} from "./standing";
export * from "./types";
