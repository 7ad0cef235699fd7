// What of a policy the model has no word for, as a policy of the same name that says only that.
// The rule: Kuma merges policies field by field, so the rest beside what an export writes means what the whole meant.
import { valueAt, withValueAt } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { isRecord } from "../shared/fields";
import { keepBeside } from "../shared/verbatim";
import type { Policy } from "./state";

/** Fields of the callee's side, which give calls another answer. */
const SIDES = new Set(["rules", "from"]);

export function keepRemainder(context: ImportContext, policy: Policy<unknown>): void {
  const { resource, result, kept } = policy;
  if (kept.length === 0) return;
  const spec = remainderOf(policy);
  keepBeside(context, { resource: { ...resource, spec }, result });
  for (const { path } of kept) {
    const isInbound = typeof path[1] === "string" && SIDES.has(path[1]);
    const what = isInbound
      ? "acts on the callee's side, which the model has no policies for"
      : "has no counterpart in the model";
    const message = `${what}: it is kept and written back on export, and has no effect here`;
    context.warn(resource, path, message, "Remove it, or keep Kuma for what it does.", {
      verdict: "lost",
      ...(isInbound ? { changesMeaning: true } : {}),
    });
  }
}

function remainderOf({ resource, kept }: Policy<unknown>): Record<string, unknown> {
  const targetRef = valueAt(resource.spec, ["targetRef"]);
  let spec: Record<string, unknown> = targetRef === undefined ? {} : { targetRef };
  const places = new Map<number, number>();
  for (const { path, value } of kept) {
    const [, side, index] = path;
    if (side !== "to" || typeof index !== "number") {
      spec = withValueAt(spec, path.slice(1), value);
      continue;
    }
    const at = places.get(index) ?? places.size;
    if (!places.has(index)) {
      places.set(index, at);
      spec = withValueAt(spec, ["to", at], { targetRef: valueAt(resource.spec, ["to", index, "targetRef"]) });
    }
    const place = ["to", at, ...path.slice(3)];
    const isEntry = typeof place.at(-1) === "number";
    const list = valueAt(spec, place.slice(0, -1));
    // of a list only what was kept is in it
    if (isEntry) spec = withValueAt(spec, place.slice(0, -1), [...(Array.isArray(list) ? list : []), value]);
    else spec = withValueAt(spec, place, value);
  }
  return resource.kind === "MeshHTTPRoute" ? withRules(spec) : withDiscriminators(resource.spec, spec);
}

/** A load balancer cannot be said without its type. */
function withDiscriminators(source: unknown, spec: Record<string, unknown>): Record<string, unknown> {
  const to = spec["to"];
  if (!Array.isArray(to)) return spec;
  const original = valueAt(source, ["to"]);
  const list = to.map((entry: unknown) => {
    const path = ["default", "loadBalancer"];
    const balancer = valueAt(entry, path);
    if (!isRecord(balancer) || balancer["type"] !== undefined || !Array.isArray(original)) return entry;
    const own = original.find(
      (each) => JSON.stringify(valueAt(each, ["targetRef"])) === JSON.stringify(valueAt(entry, ["targetRef"])),
    );
    return withValueAt(entry, [...path, "type"], valueAt(own, [...path, "type"]));
  });
  return { ...spec, to: list };
}

/** An entry of a route has rules, be there none. */
function withRules(spec: Record<string, unknown>): Record<string, unknown> {
  const to = spec["to"];
  return Array.isArray(to)
    ? { ...spec, to: to.map((entry: unknown) => ({ rules: [], ...(isRecord(entry) ? entry : {}) })) }
    : spec;
}
