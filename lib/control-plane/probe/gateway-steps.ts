// Questions to a gateway as a client outside the mesh asks them: which versions of TLS its listeners speak, and whether it answers without.
// One rule: a refusal counts beside a handshake of the same port that was made; what is not served is told as such, never as refused.

import type { EnvironmentBinding, GatewayBinding } from "@/lib/compile/types";
import { type Gateway, isHttpsListener, isPlainListener, type Listener } from "@/lib/mesh";
import { type Dialled, dial, type Place, type TlsOffer } from "./dial";
import { type Answer, expected, notMeasured, type Step, unexpected } from "./step";
import type { Target } from "./target";
import { judgeOld, type Make, OLD_VERSIONS } from "./transport-steps";

export function gatewaySteps({ entry }: Target, gateway: Gateway, binding: EnvironmentBinding, make: Make): Step[] {
  const { namespace, name } = gateway.metadata;
  const bound = binding.gateways.find((each) => each.namespace === namespace && each.name === name);
  const { listeners } = gateway.spec;
  const portOf = (listener: Listener) => boundPort(listener, bound) ?? entry.row.inboundPort ?? 0;
  const ask: Ask = { name, make, placeOf: (port) => ({ host: entry.row.host, port }) };
  const inTls = listeners.filter(isHttpsListener);
  const ports = new Set(inTls.map(portOf));
  const isOpen = (port: number) => listeners.some((each) => isPlainListener(each) && portOf(each) === port);
  const plain = listeners.filter(isPlainListener);
  const open = [...new Set(plain.filter(({ httpsRedirect }) => !httpsRedirect).map(portOf))].map((port) =>
    openStep(ask, port),
  );
  // Without HTTP or HTTPS there is nobody to ask for a version: TLS of apps is passed on, TCP has none.
  const none =
    inTls.length + plain.length === 0 ? [openStep(ask, bound?.publicPort ?? entry.row.inboundPort ?? 0)] : [];
  const spoken = inTls.map((listener) => ({ port: portOf(listener), step: tlsStep(ask, listener, portOf(listener)) }));
  const old = inTls.map((listener, index) => oldStep(ask, listener, portOf(listener), spoken[index]?.step.id ?? null));
  const first = spoken[0]?.step.id ?? null;
  const sentOn = plain
    .filter(({ httpsRedirect }) => httpsRedirect)
    .map((listener) => sentOnStep(ask, listener, portOf(listener), first));
  const closed = [...ports]
    .filter((port) => !isOpen(port))
    .map((port) => plainStep(ask, port, spoken.find((each) => each.port === port)?.step.id ?? null));
  return [...open, ...none, ...spoken.map(({ step }) => step), ...old, ...sentOn, ...closed];
}

/** As it is compiled: plain HTTP is at the public port only. */
const boundPort = (listener: Listener, bound: GatewayBinding | undefined): number | undefined =>
  (isPlainListener(listener) ? undefined : bound?.listenerPorts?.[listener.name]) ?? bound?.publicPort;

interface Ask {
  name: string;
  make: Make;
  placeOf(port: number): Place;
}

/** Without a host it asks for none of a listener: the gateway itself answers, where no route takes every host. */
const call = (place: Place, userAgent: string, tls?: TlsOffer, host = place.host): Promise<Dialled> =>
  dial(place, { method: "GET", path: "/", host, userAgent }, tls);

/** A name that the listener is for; none where it is for any. */
function serverNameOf({ hosts }: Listener): string | undefined {
  const host = hosts.find((each) => !each.startsWith("*")) ?? hosts.find((each) => each !== "*");
  return host?.replace(/^\*/, "probe").replace(/:\d+$/, "");
}

function openStep({ name, make, placeOf }: Ask, port: number): Step {
  return make("old-tls", `${name}: calls without TLS`, async (userAgent) => {
    const seen = await call(placeOf(port), userAgent);
    if (seen.isAbsent) return notMeasured(`Nothing listens at ${name}.`, seen.transcript);
    return seen.status === null
      ? notMeasured(`${name} did not answer in plain text, and has no listener of protocol https.`, seen.transcript)
      : answeredInPlain(name, seen);
  });
}

/** A listener that answers nothing but where HTTPS is. */
function sentOnStep({ name, make, placeOf }: Ask, listener: Listener, port: number, twin: string | null): Step {
  const host = serverNameOf(listener);
  const ask = async (userAgent: string) => {
    const seen = await call(placeOf(port), userAgent, undefined, host);
    if (seen.isAbsent) return notMeasured(`Nothing listens at ${name}.`, seen.transcript);
    if (seen.status === 301 && seen.location?.startsWith("https://"))
      return expected(`${name} sent a call without TLS on to HTTPS.`, seen.transcript);
    return seen.status === null
      ? notMeasured(`${name} did not answer in plain text: ${seen.end}.`, seen.transcript)
      : answeredInPlain(name, seen);
  };
  return make("old-tls", `${name}: calls without TLS at listener ${listener.name}`, ask, twin);
}

const answeredInPlain = (name: string, { transcript }: Dialled): Answer =>
  unexpected(`${name} answered in plain HTTP: it speaks no version of TLS.`, transcript);

function tlsStep({ name, make, placeOf }: Ask, listener: Listener, port: number): Step {
  const serverName = serverNameOf(listener);
  return make("public-tls", `${name}: TLS of listener ${listener.name}`, async (userAgent) => {
    const seen = await call(placeOf(port), userAgent, { serverName });
    if (seen.isAbsent) return notMeasured(`Nothing listens at port ${port} of ${name}.`, seen.transcript);
    if (seen.handshake)
      return expected(`${name} spoke ${seen.handshake.protocol} at ${listener.name}.`, seen.transcript);
    return notMeasured(
      `${name} made no handshake for ${serverName ?? "any name"} at ${listener.name}: ${seen.end}. Has it a certificate in this environment?`,
      seen.transcript,
    );
  });
}

function oldStep({ name, make, placeOf }: Ask, listener: Listener, port: number, twin: string | null): Step {
  const serverName = serverNameOf(listener);
  const title = `${name}: TLS 1.0 and 1.1 at listener ${listener.name}`;
  const ask = async (userAgent: string) => {
    const answers: Dialled[] = [];
    for (const version of OLD_VERSIONS) {
      answers.push(await call(placeOf(port), userAgent, { serverName, minVersion: version, maxVersion: version }));
    }
    return judgeOld(answers, name);
  };
  return make("old-tls", title, ask, twin);
}

/** At a port for TLS alone. */
function plainStep({ name, make, placeOf }: Ask, port: number, twin: string | null): Step {
  const ask = async (userAgent: string) => {
    const seen = await call(placeOf(port), userAgent);
    if (seen.isAbsent) return notMeasured(`Nothing listens at port ${port} of ${name}.`, seen.transcript);
    if (seen.status !== null) return answeredInPlain(name, seen);
    if (seen.end === "timeout") return notMeasured(`${name} neither answered nor refused in time.`, seen.transcript);
    return expected(`${name} refused a call without TLS at port ${port}: ${seen.end}.`, seen.transcript);
  };
  return make("old-tls", `${name}: calls without TLS at port ${port}`, ask, twin);
}
