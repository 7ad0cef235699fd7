// Listeners that send plain HTTP on to HTTPS: in Gateway API an HTTPRoute of their own with a redirect, both ways.
// The rule: a listener redirects where nothing else is attached to it, and the redirect takes every request of all its hosts.
import {
  type Gateway,
  HTTPS_PORT,
  isConnectionListener,
  isPlainListener,
  type Listener,
  type ObjectKey,
  plainHost,
  plainListenerOf,
  type Route,
  redirectTarget,
  serverNamesMeet,
} from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import type { ExportContext } from "../shared/export-context";
import { coversHost } from "../shared/hostnames";
import { GROUP, type ListenerInfo, type RouteSource } from "./state";

/** A listener as it is written: one for each host. */
export type Section = { name: string; host: string; listener: Listener };

const MAX_PARENTS = 32;

export const sectionsOf = ({ spec: { listeners } }: Gateway): Section[] =>
  listeners.flatMap((listener) =>
    [...new Set(listener.hosts.map(plainHost))].map((host, i) => ({
      name: i === 0 ? listener.name : `${listener.name}-${i + 1}`,
      host,
      listener,
    })),
  );

const isSentOn = ({ spec: { listeners } }: Gateway, { listener, host }: Section): boolean =>
  isPlainListener(listener) && plainListenerOf(listeners, host)?.httpsRedirect === true;

/** The listeners that a route is written for; undefined: all of the gateway. */
export function sectionNames(context: ExportContext, gateway: Gateway, route: Route): string[] | undefined {
  if (!gateway.spec.listeners.some(({ httpsRedirect }) => httpsRedirect)) return undefined;
  const hosts = route.spec.hosts ?? [];
  const meets = ({ host }: Section) => hosts.length === 0 || hosts.some((own) => serverNamesMeet(own, host));
  const open = sectionsOf(gateway).filter(
    (each) => !isConnectionListener(each.listener) && !isSentOn(gateway, each) && meets(each),
  );
  if (open.length > MAX_PARENTS) {
    const reason = `a route is attached to ${MAX_PARENTS} listeners at most, and this is one for ${open.length}`;
    context.lose(route, ["spec", "hosts"], "lost", reason, { changesMeaning: true });
  }
  return open.slice(0, MAX_PARENTS).map(({ name }) => name);
}

/** A route for each port that they lead to. */
export function exportRedirects(context: ExportContext, gateway: Gateway): void {
  const { name, namespace } = gateway.metadata;
  const byPort = new Map<number, Section[]>();
  for (const section of sectionsOf(gateway).filter((each) => isSentOn(gateway, each))) {
    const port = redirectTarget(gateway.spec.listeners, section.host)?.port ?? HTTPS_PORT;
    byPort.set(port, [...(byPort.get(port) ?? []), section]);
  }
  for (const [port, sections] of byPort) {
    const requestRedirect = { scheme: "https", ...(port === HTTPS_PORT ? {} : { port }), statusCode: 301 };
    const own = `${name}-to-https`;
    for (let i = 0; i < sections.length; i += MAX_PARENTS) {
      const part = sections.slice(i, i + MAX_PARENTS);
      const suffix = `${port === HTTPS_PORT ? "" : `-${port}`}${i === 0 ? "" : `-${i / MAX_PARENTS + 1}`}`;
      const spec = {
        parentRefs: part.map((section) => ({ name, sectionName: section.name })),
        rules: [{ filters: [{ type: "RequestRedirect", requestRedirect }] }],
      };
      const metadata = { name: `${own}${suffix}`, namespace };
      context.add({ apiVersion: `${GROUP}/v1`, kind: "HTTPRoute", metadata, spec }, undefined);
    }
  }
}

type Served = { source: RouteSource; host: string; listener: number };

/** Takes routes out of `served` that are nothing but a redirect of a listener, and says it of the listener instead. */
export function withoutRedirects<S extends Served>(
  context: ImportContext,
  key: ObjectKey,
  gateway: Gateway,
  listeners: readonly ListenerInfo[],
  served: readonly S[],
): S[] {
  const sent = new Set<number>();
  for (const place of new Set(served.map(({ listener }) => listener))) {
    const own = served.filter(({ listener }) => listener === place);
    const info = listeners[place];
    const listener = gateway.spec.listeners[place];
    if (!info || info.isTls || !listener || !isPlainListener(listener)) continue;
    const isAll = own.every(({ source }) => isRedirect(source, portsOf(gateway, listener)));
    const isWhole = info.hosts.every((host) => own.some((each) => coversHost(each.host, host)));
    if (isAll && isWhole) sent.add(place);
  }
  if (sent.size === 0) return [...served];
  const spec = {
    ...gateway.spec,
    listeners: gateway.spec.listeners.map((each, i) => (sent.has(i) ? { ...each, httpsRedirect: true } : each)),
  };
  context.put("Gateway", gateway.metadata.name, spec, undefined, gateway);
  for (const { source, listener } of served) {
    if (!sent.has(listener) || source.result.objects.includes(key)) continue;
    source.result.objects.push(key);
    source.result.sentences.push("plain HTTP is sent on to HTTPS.");
  }
  return served.filter(({ listener }) => !sent.has(listener));
}

/** Where the model's redirect of this listener leads. */
const portsOf = ({ spec: { listeners } }: Gateway, { hosts }: Listener): Set<number> =>
  new Set(hosts.map((host) => redirectTarget(listeners, host)?.port ?? HTTPS_PORT));

/** Of every request, to the same host and path, for good. */
function isRedirect({ rules, kept }: RouteSource, ports: ReadonlySet<number>): boolean {
  const [only, ...more] = rules;
  if (!only || more.length > 0 || kept.length > 0 || only.kept.length > 0) return false;
  const { action, headers, name: _, ...others } = only.rule;
  if (action.type !== "redirect" || headers || Object.keys(others).length > 0) return false;
  const isEvery = only.matches.some(
    ({ match: { path, ...rest } }) =>
      Object.keys(rest).length === 0 && (path === undefined || (path.value === "/" && path.type !== "exact")),
  );
  const port = action.port ?? HTTPS_PORT;
  const isSamePath = action.path === undefined && action.prefixRewrite === undefined;
  const isHere = action.host === undefined && isSamePath && action.code === 301;
  return isEvery && isHere && action.scheme === "https" && ports.size === 1 && ports.has(port);
}
