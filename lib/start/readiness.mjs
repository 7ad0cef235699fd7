// Whether a part of Meshwright answers yet; used while starting.
import fs from "node:fs";

const TIMEOUT_MS = 3_000;

/** What the URL answers as JSON; undefined when it refuses, answers otherwise, or has not answered in time, whatever became of the call. */
async function get(url, headers = {}) {
  const call = new AbortController();
  let timer;
  const isLate = new Promise((resolve) => {
    timer = setTimeout(() => {
      call.abort();
      resolve(undefined);
    }, TIMEOUT_MS);
  });
  try {
    return await Promise.race([readJson(url, { headers, signal: call.signal, redirect: "manual" }), isLate]);
  } finally {
    clearTimeout(timer);
  }
}

async function readJson(url, init) {
  try {
    const response = await fetch(url, init);
    if (response.ok) return await response.json();
    await response.body?.cancel();
  } catch {
    // It does not answer yet.
  }
  return undefined;
}

export const answers = async (url) => (await get(url)) !== undefined;

/** What the control plane says about itself, or undefined. */
export function controlPlaneHealth(environment) {
  return get(`${environment.MESHWRIGHT_INTERNAL_URL}/v1/health`, {
    authorization: `Bearer ${environment.MESHWRIGHT_INTERNAL_SECRET}`,
  });
}

/** Where the demo's gateway listens: gateways do where the mesh does. */
export function demoUrlOf({ MESHWRIGHT_MESH_ADDRESS: address = "127.0.0.1", MESHWRIGHT_DEMO_GATEWAY_PORT: port }) {
  return `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
}

/**
 * Live means: every proxy that should run is ready, and no deployment is under way. "failed" when nothing is under way and
 * nothing should run: then the demo's deployment was taken back.
 */
export async function demoState(environment) {
  const { proxies, openDeployments } = (await controlPlaneHealth(environment)) ?? {};
  if (!proxies || openDeployments > 0) return undefined;
  if (proxies.desired === 0) return "failed";
  if (proxies.ready < proxies.desired) return undefined;
  // The database remembers readiness from before a restart; a page through gateway, storefront, catalog and inventory is proof.
  return (await answers(`${demoUrlOf(environment)}/`)) ? "live" : undefined;
}

/**
 * The demo answers, and somebody's proxies are not ready: of a mesh of one's own, whose port is taken or whose app is gone. Said in words;
 * undefined where that is not all that is wrong. No reason to end everything.
 */
export async function waitedForInVain(environment) {
  const { proxies } = (await controlPlaneHealth(environment)) ?? {};
  if (!proxies || proxies.desired === 0 || !(await answers(`${demoUrlOf(environment)}/`))) return undefined;
  const missing = proxies.desired - proxies.ready;
  return missing > 0 ? `${missing} of ${proxies.desired} proxies not ready: see Proxies & identity` : "still deploying";
}

export function tailOf(file, lines = 12) {
  try {
    return fs.readFileSync(file, "utf8").trim().split("\n").slice(-lines).join("\n");
  } catch {
    return "(no log)";
  }
}
