// RequestMirror <-> a mirror of a rule.
// The rule: a share is taken down to what a proxy can draw; a mirror that is no Service stays kept at its place.
import type { Mirror } from "@/lib/mesh";
import type { ImportContext, Resource } from "../shared/context";
import { type Fields, isRecord } from "../shared/fields";
import { checkGrant, destinationOf } from "./backends";

/** Proxies draw in millionths. */
const MILLION = 1_000_000;

/** Is it one that becomes a mirror of the model? */
export function isMirrorOfService(filter: unknown): boolean {
  if (!isRecord(filter) || filter["type"] !== "RequestMirror" || !isRecord(filter["requestMirror"])) return false;
  const ref = filter["requestMirror"]["backendRef"];
  if (!isRecord(ref) || typeof ref["name"] !== "string") return false;
  const { group = "", kind = "Service" } = ref;
  return (group === "" || group === "core") && kind === "Service";
}

export function importMirror(context: ImportContext, resource: Resource, filter: Fields): Mirror | undefined {
  if (!isMirrorOfService(filter.everything())) return undefined;
  filter.take("type");
  const fields = filter.object("requestMirror");
  const ref = fields?.object("backendRef");
  const name = ref?.text("name");
  if (!fields || !ref || name === undefined) return undefined;
  const namespace = ref.text("namespace") ?? resource.namespace;
  const port = ref.number("port");
  ref.take("group");
  ref.take("kind");
  ref.keepRest();
  const percent = fields.number("percent") ?? fractionOf(fields.object("fraction")) ?? 100;
  fields.keepRest();
  if (namespace !== resource.namespace) checkGrant(context, resource, ref, { namespace, name });
  return { ...destinationOf(context, resource, ref, { namespace, name, port }), percent };
}

function fractionOf(fields: Fields | undefined): number | undefined {
  const numerator = fields?.number("numerator");
  const denominator = fields?.number("denominator") ?? 100;
  fields?.keepRest();
  if (numerator === undefined || denominator <= 0) return undefined;
  return Math.min(100, Math.round((numerator / denominator) * MILLION) / 10_000);
}

/** The share of a RequestMirror. */
export function exportShare(percent: number): Record<string, unknown> {
  if (percent === 100) return {};
  if (Number.isInteger(percent)) return { percent };
  return { fraction: { numerator: Math.round(percent * 10_000), denominator: MILLION } };
}
