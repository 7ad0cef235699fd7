// Every step of a run, planned before the first is taken, so that its progress is known from the start.
// One rule: the id of a step is the id of its evidence; a twin is named before it ran.

import { randomUUID } from "node:crypto";
import { z } from "zod";
import { ADMIN_HOST, callAdmin } from "@/lib/agent/admin-client";
import type { EnvironmentBinding } from "@/lib/compile/types";
import { type ProbeKind, routesOfProxy } from "@/lib/compliance";
import { buildIndex, type MeshDocument, type MeshIndex, refKey } from "@/lib/mesh";
import type { ProxyEntry } from "../registry/proxy-entry";
import { callSteps, egressSteps } from "./call-steps";
import { gatewaySteps } from "./gateway-steps";
import { userAgentOf } from "./request";
import { type Answer, expected, notMeasured, type ProbeTools, type Step, unexpected } from "./step";
import { type Target, type Targets, targetsOf } from "./target";
import { certificateStep, transportSteps } from "./transport-steps";

/** Steps of one sidecar, taken one after the other. */
export type Lane = Step[];

export interface StepInput {
  document: MeshDocument;
  binding: EnvironmentBinding;
  entries: readonly ProxyEntry[];
  tools: ProbeTools;
  /** The first broken event of the log; null when the chain holds. */
  firstBrokenEvent(): Promise<bigint | null>;
}

const dump = z.object({
  // Envoy leaves the list out where it is empty.
  configs: z
    .array(z.object({ route_config: z.looseObject({ name: z.string() }) }))
    .max(10_000)
    .default([]),
});

export function lanesOf({ document, binding, entries, tools, firstBrokenEvent }: StepInput): Lane[] {
  const index = buildIndex(document);
  const found: Targets = targetsOf(document, entries);
  const lanes = found.targets.map((target) => laneOf(target, tools, { index, binding }));
  const missing = found.unreachable.map((subject) => {
    const make = makerOf(subject, null);
    const say = async () =>
      notMeasured(`No sidecar of ${subject.split("/").at(-1)} is ready on a machine with an agent.`);
    return (["mutual-tls", "allowed-call", "running-routes"] as const).map((kind) =>
      make(kind, `${subject}: no sidecar`, say),
    );
  });
  return [...lanes, ...missing, [chainStep(firstBrokenEvent)]];
}

function laneOf(target: Target, tools: ProbeTools, around: { index: MeshIndex; binding: EnvironmentBinding }): Lane {
  const { index, binding } = around;
  const make = makerOf(target.subject, target.entry);
  const gateway = index.find("Gateway", target.subject);
  if (!target.isFirst) return gateway ? [] : [certificateStep(target, tools, make)];
  if (gateway) return [...gatewaySteps(target, gateway, binding, make), routesStep(target, make)];
  const { steps } = transportSteps(target, tools, make);
  const egress = egressSteps(target, tools, make, drawnHost(index, target.subject));
  return [...steps, ...callSteps(target, tools, make), ...egress, routesStep(target, make)];
}

function makerOf(subject: string, entry: ProxyEntry | null) {
  return (
    kind: ProbeKind,
    title: string,
    ask: (userAgent: string) => Promise<Answer>,
    twin: string | null = null,
  ): Step => {
    const id = randomUUID();
    const userAgent = userAgentOf(id);
    return { id, kind, title, subject, entry, twin, userAgent, ask: () => ask(userAgent) };
  };
}

/** A service of the mesh that this one was drawn to call: nothing outside is ever called. */
function drawnHost(index: MeshIndex, service: string): string | null {
  for (const dependency of index.dependenciesFrom(service)) {
    const callee = index.find("Service", refKey(dependency.spec.to, dependency));
    const port = callee?.spec.ports.find((each) => each.protocol === "http")?.port;
    if (callee && port !== undefined)
      return `${callee.metadata.name}.${callee.metadata.namespace}:${dependency.spec.port ?? port}`;
  }
  return null;
}

/** What the running proxy says about its ways out. */
function routesStep({ entry, subject }: Target, make: ReturnType<typeof makerOf>): Step {
  return make("running-routes", `${entry.proxyKey}: routes that it runs`, async () => {
    const port = entry.row.adminPort;
    if (port === null) return notMeasured(`${entry.proxyKey} has no admin port.`);
    const { body } = await callAdmin(ADMIN_HOST, port, "/config_dump?resource=dynamic_route_configs", {
      timeoutMs: 3_000,
    });
    const configs = dump.safeParse(JSON.parse(body)).data?.configs;
    if (!configs) return notMeasured(`${entry.proxyKey} gave no configuration that can be read.`);
    const byName = Object.fromEntries(
      configs.map(({ route_config: { "@type": _type, ...config } }) => [
        config.name,
        config as Parameters<typeof routesOfProxy>[1][string],
      ]),
    );
    const routes = routesOfProxy(subject, byName);
    const lines = routes.map(
      ({ to, name, timeoutMs, retries }) => `${name} → ${to}: timeout ${timeoutMs} ms, ${retries} retries`,
    );
    return expected(
      `${entry.proxyKey} runs ${routes.length} ways out.`,
      [`GET /config_dump of ${entry.proxyKey}`, ...lines],
      { routes },
    );
  });
}

function chainStep(firstBrokenEvent: () => Promise<bigint | null>): Step {
  return makerOf("Event log", null)("audit-chain", "Event log: chain of hashes", async () => {
    const broken = await firstBrokenEvent();
    return broken === null
      ? expected("Every event of the log follows from the one before it.", [
          "recomputed every hash from the first event",
        ])
      : unexpected(
          `Event ${broken} of the log does not follow from the one before it: it was changed, removed or added.`,
          [`first broken event ${broken}`],
        );
  });
}
