// Deployments in words. Rule: a restore says why; progress is counted in proxies that said they run it.
import { plural } from "@/components/ui/format";
import type { Mark } from "@/components/ui/status-words";

export interface WaveProxy {
  proxyKey: string;
  state: string;
  reason?: string | null | undefined;
  runningDigest?: string | null | undefined;
}

export interface DeploymentFacts {
  revision: number;
  state: string;
  reason: string | null;
  environment: string;
  waves: readonly { proxies: readonly WaveProxy[] }[];
}

/** The draft is frozen already, as after a step back: the revision that it is; null for any other refusal. */
export function frozenAlready(problem: object): number | null {
  const { code, revision } = problem as { code?: unknown; revision?: unknown };
  return code === "nothing-changed" && typeof revision === "number" ? revision : null;
}

export const stateWord: Record<string, string> = {
  queued: "waiting",
  planning: "planning",
  canary: "first proxies",
  rolling: "rolling out",
  done: "done",
  failed: "failed",
  restoring: "restoring",
  restored: "taken back",
};

export function deploymentStatus(state: string): Mark {
  if (state === "done") return "ok";
  if (state === "failed") return "failing";
  if (state === "restored" || state === "restoring") return "attention";
  return "note";
}

export function proxyStatus(state: string): Mark {
  if (["ready", "ack", "done", "running"].includes(state)) return "ok";
  if (["nack", "timeout", "failed"].includes(state)) return "failing";
  if (state === "restored") return "attention";
  return "note";
}

export const proxyWord: Record<string, string> = {
  pending: "waiting",
  sent: "sent",
  ack: "ACK",
  nack: "NACK",
  timeout: "no answer",
  ready: "ready",
  restored: "taken back",
};

export function progressOf(deployment: DeploymentFacts): { done: number; total: number } {
  const proxies = deployment.waves.flatMap((wave) => wave.proxies);
  return { done: proxies.filter((proxy) => proxyStatus(proxy.state) === "ok").length, total: proxies.length };
}

export function rolloutAnswer(
  latest: DeploymentFacts | undefined,
  running: { revision: number } | null,
  environment: string,
): { status: Mark; text: string } {
  if (!latest) return { status: "note", text: `Nothing was deployed to ${environment} yet.` };
  const { done, total } = progressOf(latest);
  const proxies = plural(total, "proxy", "proxies");
  const count = total > 0 ? `: ${done} of ${proxies} run it` : "";
  switch (latest.state) {
    case "done":
      return {
        status: "ok",
        text: `${environment} runs revision r${latest.revision}${total > 0 ? `, on ${done < total ? `${done} of ` : ""}${proxies}` : ""}.`,
      };
    case "restored":
      return {
        status: "attention",
        text: `r${latest.revision} was taken back${running ? `; ${environment} runs r${running.revision}` : ""}.`,
      };
    case "restoring":
      return { status: "attention", text: `r${latest.revision} is being taken back.` };
    case "failed":
      return { status: "failing", text: `r${latest.revision} did not reach ${environment}.` };
    case "queued":
    case "planning":
      return { status: "note", text: `r${latest.revision} is about to go to ${environment}.` };
    default:
      return { status: "note", text: `r${latest.revision} is on its way to ${environment}${count}.` };
  }
}

/** Counts of a plan: "creates 1, changes 4, drains 1, leaves 4". */
export function planInWords(proxies: readonly { change: string }[]): string {
  const count = (change: string) => proxies.filter((proxy) => proxy.change === change).length;
  const parts = [
    count("create") ? `starts ${plural(count("create"), "proxy", "proxies")}` : "",
    count("update") ? `sends new configuration to ${count("update")}` : "",
    count("retire") ? `drains and ends ${count("retire")}` : "",
    count("keep") ? `leaves ${count("keep")} as ${count("keep") === 1 ? "it is" : "they are"}` : "",
  ].filter(Boolean);
  return parts.length === 0 ? "It changes no proxy." : `It ${parts.join(", ")}.`;
}
