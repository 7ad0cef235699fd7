// Every template, in the order in which they are offered.
import { circuitBreaker, nearestFirst, outlierDetection, rateLimit } from "./resilience";
import { canary, tcpCanary, timeoutRetries } from "./routing";
import { allowCall, denyCaller, denyPath, egressToHost, onlyCallers, requireToken, strictMutualTls } from "./security";
import type { PolicyTemplate } from "./template";

export const POLICY_TEMPLATES: readonly PolicyTemplate[] = [
  canary,
  tcpCanary,
  timeoutRetries,
  circuitBreaker,
  outlierDetection,
  nearestFirst,
  rateLimit,
  onlyCallers,
  denyCaller,
  allowCall,
  denyPath,
  requireToken,
  strictMutualTls,
  egressToHost,
];
export type { PolicyTemplate, TemplateInput, TemplateNeed } from "./template";
