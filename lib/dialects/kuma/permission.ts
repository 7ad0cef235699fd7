// MeshTrafficPermission -> AuthorizationPolicies.
// The rule: in 2.x (from[]) a later policy overrides an earlier one, in 3.x (rules[]) a denial wins; the model's denials always win. Where that would
// refuse what Kuma allows, it is told; nothing is allowed here that Kuma refuses.
import { type AuthorizationSource, keyOf, type PolicyTarget, pathText, type SpecOf } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import type { Fields, Sink } from "../shared/fields";
import { isSystem } from "./documents";
import { leaveOut } from "./merge";
import type { KumaState, Matcher, Permission, Selection, TargetRef } from "./state";
import { readRef, selectionOf } from "./target-ref";

const ACTIONS = ["Allow", "Deny", "AllowWithShadowDeny"] as const;

export function importPermission(state: KumaState) {
  return (context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    const result = understood(resource);
    const top = readRef(spec.object("targetRef"));
    const from = spec.list("from").flatMap((fields): Permission["from"] => {
      const ref = readRef(fields.object("targetRef"));
      const body = fields.object("default");
      const word = body?.text("action") ?? "Deny";
      const action = ACTIONS.find((each) => each.toUpperCase() === word.toUpperCase());
      if (!ref) fields.problem("targetRef", "is missing", "Say which callers the entry is for.");
      if (!action) body?.problem("action", `is unknown: ${word}`, "Use Allow, Deny or AllowWithShadowDeny.");
      body?.keepRest();
      fields.keepRest();
      return ref && action ? [{ ref, action }] : [];
    });
    const lists: Permission["lists"] = { allow: [], shadow: [], deny: [] };
    for (const rule of spec.list("rules")) {
      const body = rule.object("default");
      for (const [name, list] of [
        ["allow", "allow"],
        ["allowWithShadowDeny", "shadow"],
        ["deny", "deny"],
      ] as const)
        lists[list].push(...(body?.list(name) ?? []).flatMap(readMatcher));
      body?.keepRest();
      rule.keepRest();
    }
    spec.keepRest();
    const permission = { resource, result, top, from, lists };
    if (sink.kept.length > 0) {
      const words = sink.kept.map(({ path }) => pathText(path.slice(1))).join(", ");
      leaveOut(context, permission, `${words} is not in the model, and a part of it would be another policy`);
    } else state.permissions.push(permission);
    return result;
  };
}

function readMatcher(fields: Fields): Matcher[] {
  const id = fields.object("spiffeID");
  const type = id?.text("type");
  const value = id?.text("value");
  id?.keepRest();
  // sni is kept, and the policy with it
  fields.keepRest();
  if (!id) return [];
  if (value === undefined || (type !== "Exact" && type !== "Prefix")) {
    id.problem(
      value === undefined ? "value" : "type",
      "is missing or unknown",
      "Write type: Exact or Prefix, and the SPIFFE ID as value.",
    );
    return [];
  }
  return [{ type, value }];
}

export function putPermissions(context: ImportContext, state: KumaState): void {
  const ordered = state.permissions
    .map((permission) => ({ permission, selection: selected(context, state, permission) }))
    .sort(
      (a, b) =>
        rankOf(a.selection) - rankOf(b.selection) || (a.permission.resource.name < b.permission.resource.name ? 1 : -1),
    );
  const grants: Grant[] = [];
  for (const { permission, selection } of ordered) {
    if (selection.type === "unknown") {
      leaveOut(context, permission, selection.why);
      continue;
    }
    const targets = targetsOf(selection);
    if (permission.top?.sectionName !== undefined) {
      const message = `is for port ${permission.top.sectionName} only; here it is for every port`;
      context.warn(permission.resource, permission.top.path, message, "Give each port a service of its own.", {
        changesMeaning: true,
      });
    }
    const own = [...fromGrants(context, state, permission, targets, grants), ...ruleGrants(permission, targets)];
    for (const grant of own) grants.push(grant);
    targets.forEach((target, i) => {
      putOn(context, permission, target, own, targets.length > 1 ? i : undefined);
    });
  }
}

const rankOf = ({ type }: Selection) => (type === "services" ? 2 : type === "namespace" ? 1 : 0);

/** In a namespace of its own a policy is for the workloads there. */
function selected(context: ImportContext, state: KumaState, { resource, top }: Permission): Selection {
  const selection = selectionOf(context, state, resource, top);
  return selection.type === "all" && !isSystem(resource)
    ? { type: "namespace", namespace: resource.namespace }
    : selection;
}

function targetsOf(selection: Selection): PolicyTarget[] {
  if (selection.type === "services")
    return selection.services.map(({ metadata }) => ({ namespace: metadata.namespace, service: metadata.name }));
  return [selection.type === "namespace" ? { namespace: selection.namespace } : {}];
}

type Grant = {
  action: "allow" | "deny" | "shadow";
  source: AuthorizationSource | undefined;
  targets: PolicyTarget[];
  permission: Permission;
};

function ruleGrants(permission: Permission, targets: PolicyTarget[]): Grant[] {
  const of = (action: Grant["action"], list: readonly Matcher[]): Grant[] =>
    list.length === 0
      ? []
      : [{ action, source: { principals: [...new Set(list.map(principalText))] }, targets, permission }];
  const { allow, shadow, deny } = permission.lists;
  return [...of("allow", [...allow, ...shadow]), ...of("deny", deny), ...of("shadow", shadow)];
}

/** `spiffe://td/ns/a/sa/b` -> `td/ns/a/sa/b`, a prefix with a star at its end. */
function principalText({ type, value }: Matcher): string {
  const id = value.replace(/^spiffe:\/\//, "");
  return type === "Prefix" ? `${id}*` : id;
}

/** Clients of 2.x, in order: a denial that nothing was allowed before is what holds anyway. */
function fromGrants(
  context: ImportContext,
  state: KumaState,
  permission: Permission,
  targets: PolicyTarget[],
  before: readonly Grant[],
): Grant[] {
  const own: Grant[] = [];
  for (const { ref, action } of permission.from) {
    const source = sourceOf(context, state, permission, ref);
    if (source === "unknown") continue;
    const earlier = [...before, ...own].filter(
      (each) => each.targets.some((a) => targets.some((b) => overlaps(a, b))) && meets(each.source, source),
    );
    if (action === "Deny") {
      if (earlier.some((each) => each.action === "allow")) own.push({ action: "deny", source, targets, permission });
      continue;
    }
    own.push({ action: "allow", source, targets, permission });
    if (action === "AllowWithShadowDeny") own.push({ action: "shadow", source, targets, permission });
    if (earlier.some((each) => each.action === "deny")) {
      const message = "allows what a policy before it denies; here the denial wins, so these calls are refused";
      context.warn(permission.resource, ref.path, message, "Narrow the denial.", { changesMeaning: true });
    }
  }
  return own;
}

const overlaps = (a: PolicyTarget, b: PolicyTarget) =>
  (a.namespace === undefined || b.namespace === undefined || a.namespace === b.namespace) &&
  (a.service === undefined || b.service === undefined || a.service === b.service);

function meets(a: AuthorizationSource | undefined, b: AuthorizationSource | undefined): boolean {
  if (!a || !b || !a.services || !b.services) return true;
  return a.services.some((one) =>
    b.services?.some((other) => one.name === other.name && one.namespace === other.namespace),
  );
}

/** Undefined: anybody with an identity. */
function sourceOf(
  context: ImportContext,
  state: KumaState,
  permission: Permission,
  ref: TargetRef,
): AuthorizationSource | undefined | "unknown" {
  const system = { ...permission.resource, parent: permission.resource.parent ?? "" };
  const selection = selectionOf(context, state, system, ref);
  switch (selection.type) {
    case "all":
      return undefined;
    case "namespace":
      return { namespaces: [selection.namespace] };
    case "services":
      return {
        services: selection.services.map(({ metadata }) => ({
          kind: "Service" as const,
          namespace: metadata.namespace,
          name: metadata.name,
        })),
      };
    case "unknown":
      leaveOut(context, permission, `entry ${pathText(ref.path.slice(1, 3))} is skipped, because ${selection.why}`);
      return "unknown";
  }
}

function putOn(
  context: ImportContext,
  permission: Permission,
  target: PolicyTarget,
  own: readonly Grant[],
  index: number | undefined,
): void {
  const { resource, result } = permission;
  const namespace = resource.namespace;
  const place = target.service !== undefined && target.namespace === namespace ? { service: target.service } : target;
  for (const action of ["allow", "deny", "shadow"] as const) {
    const grants = own.filter((each) => each.action === action);
    // an allow policy without entries still says who may call: nobody
    if (grants.length === 0 && (action !== "allow" || own.length > 0 || permission.from.length > 0)) continue;
    const isAnyone = grants.some(({ source }) => source === undefined);
    const from = grants.flatMap(({ source }) => (source ? [shortened(source, namespace)] : []));
    const spec: SpecOf<"AuthorizationPolicy"> = {
      target: place,
      action: action === "allow" ? "allow" : "deny",
      ...(action === "shadow" ? { shadow: true } : {}),
      rules: grants.length === 0 ? [] : [isAnyone ? {} : { from }],
    };
    const base = index === undefined ? resource.name : `${resource.name}-${target.service ?? index}`;
    const name = (action === "allow" ? base : `${base}-${action}`).slice(0, 253);
    context.assumeNamespace(namespace);
    const existing = context.get(keyOf("AuthorizationPolicy", namespace, name));
    result.objects.push(
      context.put(
        "AuthorizationPolicy",
        name,
        spec,
        { resource },
        existing?.kind === "AuthorizationPolicy" ? existing : undefined,
      ),
    );
    const who = isAnyone ? "anybody" : grants.length === 0 ? "nobody" : `${from.length} kinds of callers`;
    result.sentences.push(`${action} on ${target.service ?? target.namespace ?? "the mesh"}: ${who}.`);
  }
}

function shortened(source: AuthorizationSource, namespace: string): AuthorizationSource {
  if (!source.services) return source;
  return {
    services: source.services.map(({ namespace: own, ...ref }) =>
      own === namespace ? ref : { ...ref, ...(own === undefined ? {} : { namespace: own }) },
    ),
  };
}
