// What a probe sends: a reading request that every log shows as a probe of one run.
export interface ProbeRequest {
  method: "GET" | "HEAD";
  path: string;
  host: string;
  userAgent: string;
}

export const PROBER_VERSION = "1";
export const userAgentOf = (stepId: string) => `meshwright-probe/${PROBER_VERSION} (${stepId})`;
