// The simulator: questions about a design, answered by the proxy's own plan and semantics. Pure, runs in the browser's worker.
export { ask } from "./ask";
export { buildScene, type Scene, type SceneOptions } from "./scene";
export type * from "./types";
