// The simulator: questions about a design, answered by the proxy's own plan and semantics. Pure, runs in the browser's worker.
export { ask } from "./ask";
export { callsOf } from "./calls";
export { reaches } from "./changes";
export { consequencesOf } from "./compare";
export { hostText } from "./host-text";
export { callersByIdentity } from "./identities";
export { accessMatrix } from "./matrix";
export { runTests } from "./policy-test";
export {
  type RecordedDifference,
  type RecordedRequest,
  type Replay,
  type ReplayDifference,
  replay,
  replayRequests,
} from "./replay";
export { buildScene, type Scene, type SceneOptions } from "./scene";
export { MAX_POLICY_TESTS, policyTest, question } from "./schema";
export type * from "./types";
