// networks -> who can reach whom: a service on networks of its own denies those that share none with it.
// The rule: a denial takes nothing away but what Compose itself does not connect; calls are granted only where they are drawn.
import { keyOf } from "@/lib/mesh";
import type { ImportContext, Understood } from "../shared/context";
import { isRecord } from "../shared/fields";
import { asMap } from "./extend";
import type { Part } from "./state";

/** Callers in one entry of a policy, as the model limits them. */
const MAX_CALLERS = 256;

export function readNetworks(context: ImportContext, part: Part): void {
  const mode = part.fields.take("network_mode");
  const written = part.fields.take("networks");
  const path = [...part.path, "networks"];
  if (mode !== undefined) {
    const message = `has the network of ${JSON.stringify(mode).slice(0, 64)}; who reaches it is not in the design`;
    const fix = "Say who may call it by an authorization policy.";
    context.warn(part.resource, [...part.path, "network_mode"], message, fix, { verdict: "lost" });
    part.fields.keep("network_mode", mode);
    return;
  }
  const value = asMap(written);
  if (written === undefined) part.networks = new Set(["default"]);
  else if (!isRecord(value)) {
    part.sink.problems.push({ path, message: "must be a list of networks or a map", fix: 'Begin each with "- ".' });
  } else {
    part.networks = new Set(Object.keys(value));
    part.fields.keep("networks", written);
    for (const [network, how] of Object.entries(value)) {
      const aliases = isRecord(how) ? how["aliases"] : undefined;
      if (!Array.isArray(aliases)) continue;
      for (const [i, name] of aliases.entries()) {
        if (typeof name === "string") part.aliases.push({ name, path: [...path, network, "aliases", i] });
      }
    }
  }
}

export const canReach = (from: Part, to: Part) =>
  !from.networks || !to.networks || [...from.networks].some((each) => to.networks?.has(each));

/** One policy for each service that some of the others cannot reach. */
export function putNetworks(context: ImportContext, parts: readonly Part[], result: Understood): void {
  // services on the same networks reach the same ones: asked once
  const strangers = new Map<string, Part[]>();
  for (const part of parts) {
    if (!part.networks) continue;
    const group = JSON.stringify([...part.networks].sort());
    const others = strangers.get(group) ?? parts.filter((each) => !canReach(each, part));
    strangers.set(group, others);
    if (others.length === 0) continue;
    const path = [...part.path, "networks"];
    if (part.isPublished) {
      const message = `shares no network with ${listed(others)}, but is published on the host, where all reach it; nothing is denied`;
      context.warn(part.resource, path, message, "Deny them by an authorization policy if that is meant.");
      continue;
    }
    if (others.length > MAX_CALLERS) {
      const message = `shares no network with ${others.length} services, which is more than a policy takes; nothing is denied`;
      context.warn(part.resource, path, message, "Say who may call it.", { verdict: "lost", changesMeaning: true });
      continue;
    }
    const name = `${part.name}-networks`;
    const existing = context.find("AuthorizationPolicy", keyOf("AuthorizationPolicy", part.resource.namespace, name));
    const services = others.map((each) => ({ kind: "Service" as const, name: each.name }));
    const spec = { target: { service: part.name }, action: "deny" as const, rules: [{ from: [{ services }] }] };
    result.objects.push(context.put("AuthorizationPolicy", name, spec, { resource: part.resource }, existing));
    const message = `shares no network with ${listed(others)}; a policy denies them, by identity and not by address`;
    context.warn(part.resource, path, message, "Nothing, if that is what the networks are for.");
  }
}

function listed(parts: readonly Part[]): string {
  const names = parts.slice(0, 5).map(({ name }) => name);
  return parts.length > 5 ? `${names.join(", ")} and ${parts.length - 5} more` : names.join(", ");
}
