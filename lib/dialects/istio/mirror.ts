// mirror, mirrors and their percentages <-> the mirrors of a rule.
// The rule: without a share every request is copied, as in Istio; a mirror outside the mesh stays kept as it was written.
import type { Mirror, Route } from "@/lib/mesh";
import type { ImportContext, Resource } from "../shared/context";
import { type Fields, isRecord } from "../shared/fields";
import { resolveHost } from "./hosts";
import { importPlace } from "./http-action";

export function importMirrors(context: ImportContext, resource: Resource, rule: Fields): Mirror[] {
  const { namespace } = resource;
  const mirrors: Mirror[] = [];
  if (isInMesh(rule.peek("mirror"), namespace)) {
    const percent = importShare(rule, "mirrorPercentage") ?? deprecatedShare(rule) ?? 100;
    mirrors.push(...mirrorOf(context, resource, rule.object("mirror"), percent));
  }
  const list = rule.peek("mirrors");
  if (!Array.isArray(list) || !list.every((each) => isRecord(each) && isInMesh(each["destination"], namespace)))
    return mirrors;
  if (rule.has("mirrors") && mirrors.length > 0)
    rule.problem("mirrors", "stands beside mirror, which Istio refuses", "Put them all into mirrors.");
  for (const each of rule.list("mirrors")) {
    const percent = importShare(each, "percentage") ?? 100;
    mirrors.push(...mirrorOf(context, resource, each.object("destination"), percent));
    each.keepRest();
  }
  return mirrors;
}

function isInMesh(destination: unknown, namespace: string): boolean {
  const host = isRecord(destination) ? destination["host"] : undefined;
  return typeof host === "string" && resolveHost(host, namespace).kind === "service";
}

function importShare(fields: Fields, name: string): number | undefined {
  const share = fields.object(name);
  const percent = share?.number("value");
  share?.keepRest();
  return percent ?? (share ? 0 : undefined);
}

/** Whole numbers, in the two spellings of older releases. */
const deprecatedShare = (rule: Fields) => rule.number("mirrorPercent") ?? rule.number("mirror_percent");

function mirrorOf(
  context: ImportContext,
  resource: Resource,
  destination: Fields | undefined,
  percent: number,
): Mirror[] {
  const host = destination?.text("host");
  const place = destination && host !== undefined && importPlace(context, resource, destination, host);
  return place ? [{ ...place, percent }] : [];
}

type HostOf = (namespace: string, name: string) => string;

/** One is written as every release of Istio reads it. */
export function exportMirrors(mirrors: readonly Mirror[], route: Route, hostOf: HostOf): Record<string, unknown> {
  const written = mirrors.map(({ service, subset, port, percent }) => ({
    destination: {
      host: hostOf(service.namespace ?? route.metadata.namespace, service.name),
      ...(subset === undefined ? {} : { subset }),
      ...(port === undefined ? {} : { port: { number: port } }),
    },
    ...(percent === 100 ? {} : { percentage: { value: percent } }),
  }));
  const [only, ...more] = written;
  if (!only || more.length > 0) return { mirrors: written };
  return { mirror: only.destination, ...(only.percentage ? { mirrorPercentage: only.percentage } : {}) };
}
