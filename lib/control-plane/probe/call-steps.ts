// Questions about who may call what: an allowed caller, one that nobody knows, one that must be refused, a forbidden request;
// and about hosts that were not drawn, asked of the caller's own sidecar.

import { ADMIN_HOST } from "@/lib/agent/admin-client";
import { type ProbeCaller, proberId } from "@/lib/compliance";
import type { AccessLogs } from "./access-log";
import { type Dialled, dial, type Place } from "./dial";
import { type Answer, expected, notMeasured, type ProbeTools, type Step, unexpected } from "./step";
import type { Target } from "./target";

type Make = (
  kind: Step["kind"],
  title: string,
  ask: (userAgent: string) => Promise<Answer>,
  twin?: string | null,
) => Step;

const nameOf = (key: string) => key.split("/").at(-1) ?? key;
const UNDECLARED = "undeclared.meshwright-probe.invalid";

export function callSteps(target: Target, tools: ProbeTools, make: Make): Step[] {
  const { probe, entry, subject } = target;
  if (!probe) return [];
  const name = nameOf(subject);
  const place: Place = { host: entry.row.host, port: entry.row.inboundPort ?? 0 };
  const call = async (userAgent: string, principal: string, { method, path }: ProbeCaller["request"]) =>
    dial(
      place,
      { method, path, host: probe.host, userAgent },
      { identity: await tools.identities.ours(principal), trustPem: tools.authority.bundlePem() },
    );
  const { allowed, forbidden, forbiddenRequest } = probe;
  let isServed = false;
  const served = make(
    "allowed-call",
    `${name}: ${allowed ? nameOf(allowed.caller) : "an allowed caller"} is served`,
    async (userAgent) => {
      if (!allowed) return notMeasured(`Nobody may read from ${name}, so nobody could be tried.`);
      const seen = await call(userAgent, allowed.principal, allowed.request);
      const answer = await judgeServed(
        seen,
        { name, caller: nameOf(allowed.caller), why: allowed.why, proxyKey: entry.proxyKey, userAgent },
        tools.accessLogs,
      );
      isServed = answer.outcome === "as-expected";
      return answer;
    },
  );
  const request = allowed?.request ?? { method: "GET" as const, path: "/" };
  const stranger = proberId(tools.trustDomain);
  const refuse = (
    kind: Step["kind"],
    title: string,
    caller: { principal: string; who: string; request: ProbeCaller["request"] },
  ) =>
    make(
      kind,
      title,
      async (userAgent) => judgeRefused(await call(userAgent, caller.principal, caller.request), name, caller.who),
      served.id,
    );
  return [
    served,
    refuse("unknown-identity", `${name}: an identity that nobody knows`, {
      principal: stranger,
      who: stranger,
      request,
    }),
    ...forbidden.map((each) =>
      refuse("forbidden-caller", `${name}: ${nameOf(each.caller)} is refused`, {
        principal: each.principal,
        who: `${nameOf(each.caller)} (${each.why})`,
        request: each.request,
      }),
    ),
    ...(forbiddenRequest
      ? [
          refuse(
            "forbidden-path",
            `${name}: ${forbiddenRequest.request.method} ${forbiddenRequest.request.path} is refused`,
            {
              principal: forbiddenRequest.principal,
              who: `${nameOf(forbiddenRequest.caller)} at ${forbiddenRequest.request.path} (${forbiddenRequest.why})`,
              request: forbiddenRequest.request,
            },
          ),
        ]
      : []),
    logStep(target, served, () => isServed, tools, make),
  ];
}

/** Calls to a host that nobody drew, through the workload's own sidecar; beside a host that was drawn, where there is one. */
export function egressSteps(
  { entry, subject }: Target,
  tools: ProbeTools,
  make: Make,
  drawnHost: string | null,
): Step[] {
  const name = nameOf(subject);
  const place: Place = { host: ADMIN_HOST, port: entry.row.outboundPort ?? 0 }; // for its own machine, like the admin interface
  const call = (userAgent: string, host: string) => dial(place, { method: "GET", path: "/", host, userAgent });
  const drawn = make(
    "declared-host",
    `${name}: calls to ${drawnHost ?? "its own sidecar"} go out`,
    async (userAgent) => {
      // Without a drawn host the sidecar's own 404 shows that it is there and decides.
      const seen = await call(userAgent, drawnHost ?? UNDECLARED);
      if (seen.status === null) return notMeasured(`${name}'s sidecar did not answer: ${seen.end}.`, seen.transcript);
      if (drawnHost === null)
        return expected(`${name}'s sidecar answers; nothing was drawn that it could call.`, seen.transcript);
      const logged = seen.status === 404 ? await tools.accessLogs.find(entry.proxyKey, userAgent) : null;
      return seen.status !== 404 || logged?.response_code_details === "via_upstream"
        ? expected(`${name}'s sidecar let a call to ${drawnHost} out.`, seen.transcript)
        : notMeasured(`${name}'s sidecar answered 404 for ${drawnHost}, which was drawn.`, seen.transcript);
    },
  );
  const undeclared = make(
    "undeclared-host",
    `${name}: calls to an undrawn host`,
    async (userAgent) => {
      const seen = await call(userAgent, UNDECLARED);
      if (seen.status === null) return notMeasured(`${name}'s sidecar did not answer: ${seen.end}.`, seen.transcript);
      const logged = seen.status === 404 ? await tools.accessLogs.find(entry.proxyKey, userAgent) : null;
      const wentOut = logged !== null && logged.response_code_details === "via_upstream";
      return seen.status === 404 && !wentOut
        ? expected(`${name}'s sidecar refused a host that nobody drew: 404.`, seen.transcript)
        : unexpected(`${name}'s sidecar let a call to ${UNDECLARED} out: ${seen.status}.`, seen.transcript);
    },
    drawn.id,
  );
  return [drawn, undeclared];
}

/** The line that the allowed call left: with time, caller, request and result. */
function logStep(
  { entry, subject, probe }: Target,
  served: Step,
  wasServed: () => boolean,
  tools: ProbeTools,
  make: Make,
): Step {
  const name = nameOf(subject);
  return make(
    "access-log",
    `${name}: access log`,
    async () => {
      if (!wasServed()) return notMeasured(`${name} served no probe whose line could be looked for.`);
      if (!tools.accessLogs.isReadable) return notMeasured(`${name}'s access log is on another machine.`);
      const found = await tools.accessLogs.find(entry.proxyKey, served.userAgent);
      if (!found)
        return unexpected(`${name}'s access log has no line of the probe.`, [`looked for ${served.userAgent}`]);
      const transcript = [JSON.stringify(found)];
      const isWhole =
        found.start_time &&
        found.method &&
        found.path &&
        found.response_code &&
        found.downstream_peer === probe?.allowed?.principal;
      return isWhole
        ? expected(`${name}'s access log has the probe with its caller and result.`, transcript)
        : unexpected(`${name}'s access log has the probe, but not its time, caller, request and result.`, transcript);
    },
    served.id,
  );
}

interface Served {
  name: string;
  caller: string;
  why: string;
  proxyKey: string;
  userAgent: string;
}

async function judgeServed(
  seen: Dialled,
  { name, caller, why, proxyKey, userAgent }: Served,
  logs: AccessLogs,
): Promise<Answer> {
  if (seen.isAbsent) return notMeasured(`Nothing listens for ${name}.`, seen.transcript);
  if (seen.isRbacRefusal) return unexpected(`${name} refused ${caller}, which is ${why}.`, seen.transcript);
  if (seen.status === null) return unexpected(`${name} did not answer ${caller}: ${seen.end}.`, seen.transcript);
  if (seen.status >= 500) {
    const details = (await logs.find(proxyKey, userAgent))?.response_code_details;
    if (details !== "via_upstream")
      return notMeasured(
        `${name} let ${caller} in, but its app gave no answer (${seen.status}${details ? `, ${details}` : ""}).`,
        seen.transcript,
      );
  }
  return expected(`${name} served ${caller} (${why}): ${seen.status}.`, seen.transcript);
}

function judgeRefused(seen: Dialled, name: string, who: string): Answer {
  if (seen.isAbsent) return notMeasured(`Nothing listens for ${name}.`, seen.transcript);
  if (seen.isRbacRefusal) return expected(`${name} refused ${who}: 403.`, seen.transcript);
  if (seen.status === null)
    return notMeasured(`${name} ended the connection of ${who} before any decision: ${seen.end}.`, seen.transcript);
  return unexpected(`${name} let ${who} in: ${seen.status}.`, seen.transcript);
}
