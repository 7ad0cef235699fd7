// Whether a part of Meshwright answers yet; used while starting.
import fs from "node:fs";

const TIMEOUT_MS = 3_000;

async function get(url, headers = {}) {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS), redirect: "manual" });
    if (!response.ok) return undefined;
    return await response.json();
  } catch {
    return undefined;
  }
}

export const answers = async (url) => (await get(url)) !== undefined;

/** What the control plane says about itself, or undefined. */
export function controlPlaneHealth(environment) {
  return get(`${environment.MESHWRIGHT_INTERNAL_URL}/v1/health`, {
    authorization: `Bearer ${environment.MESHWRIGHT_INTERNAL_SECRET}`,
  });
}

/** Live means: every proxy that should run is ready, and no deployment is under way. */
export async function demoIsLive(environment) {
  const health = await controlPlaneHealth(environment);
  const { proxies, openDeployments } = health ?? {};
  return proxies?.desired > 0 && proxies.ready >= proxies.desired && openDeployments === 0;
}

export function tailOf(file, lines = 12) {
  try {
    return fs.readFileSync(file, "utf8").trim().split("\n").slice(-lines).join("\n");
  } catch {
    return "(no log)";
  }
}
