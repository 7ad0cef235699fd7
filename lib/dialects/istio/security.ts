// PeerAuthentication -> MutualTls, AuthorizationPolicy -> AuthorizationPolicy.
// The rule: a policy with a condition that the model does not have is left out whole. Part of an authorization policy is another policy.
import {
  type AuthorizationOperation,
  type AuthorizationRule,
  type AuthorizationSource,
  keyOf,
  type MutualTlsMode,
  type PolicyTarget,
} from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { Fields, type Sink } from "../shared/fields";
import { importConditions } from "./conditions";

/** Istio's default root namespace: policies without a selector in it are for the whole mesh. */
export const ROOT_NAMESPACE = "istio-system";

const MODES: Record<string, MutualTlsMode> = { STRICT: "strict", PERMISSIVE: "permissive", DISABLE: "disable" };

export function importPeerAuthentication(
  context: ImportContext,
  resource: Resource,
  spec: Fields,
  sink: Sink,
): Understood {
  const result = understood(resource);
  const target = targetOf(context, resource, spec);
  if (!target) return result;
  const mode = spec.object("mtls")?.text("mode") ?? "UNSET";
  const ports = spec.map("portLevelMtls").flatMap(([port, fields]) => {
    const portMode = MODES[fields.text("mode") ?? ""];
    return portMode ? [{ port: Number(port), mode: portMode }] : [];
  });
  const known = MODES[mode];
  spec.keepRest();
  if (!known) {
    const message = `is left out: its mode is ${mode}, which inherits`;
    context.warn(resource, ["spec", "mtls"], message, "Set STRICT, PERMISSIVE or DISABLE, or remove it.");
    return result;
  }
  const existing = context
    .all("MutualTls")
    .find(
      (each) =>
        sameTarget(each.spec.target, target) && (isMesh(target) || each.metadata.namespace === resource.namespace),
    );
  if (!isMesh(target)) context.assumeNamespace(resource.namespace);
  const mutualTls = { ...(isMesh(target) ? {} : { target }), mode: known, ...(ports.length > 0 ? { ports } : {}) };
  result.objects.push(context.put("MutualTls", resource.name, mutualTls, { resource, sink }, existing));
  result.sentences.push(`mutual TLS of ${target.service ?? target.namespace ?? "the mesh"} is ${known}.`);
  return result;
}

export function importAuthorizationPolicy(context: ImportContext, resource: Resource, spec: Fields): Understood {
  const result = understood(resource);
  const left: Sink = { kept: [], problems: [] };
  const action = spec.text("action") ?? "ALLOW";
  const target = targetOf(context, resource, spec);
  if (!target) return result;
  const written = spec.take("rules");
  const rules = (Array.isArray(written) ? written : []).flatMap((each, i) => {
    const fields = Fields.of(each ?? {}, [...spec.path, "rules", i], left);
    return fields ? [importRule(fields, context, resource)] : [];
  });
  if (!["ALLOW", "DENY", "AUDIT"].includes(action)) left.kept.push({ path: ["spec", "action"], value: action });
  left.kept.push(...spec.names().map((name) => ({ path: [...spec.path, name], value: spec.take(name) })));
  for (const problem of left.problems) spec.problem(undefined, problem.message, problem.fix);
  if (left.kept.length > 0) {
    for (const kept of left.kept) {
      const message = "is not in the model, so the whole policy is left out";
      context.warn(
        resource,
        kept.path,
        message,
        "Write the policy with principals, namespaces, methods, paths, ports, hosts and headers.",
      );
    }
    return result;
  }
  const shadow = resource.annotations?.["istio.io/dry-run"] === "true";
  const policy = {
    target,
    action: action.toLowerCase() as "allow" | "deny" | "audit",
    ...(shadow ? { shadow } : {}),
    rules,
  };
  const key = keyOf("AuthorizationPolicy", resource.namespace, resource.name);
  const existing = context.get(key);
  context.assumeNamespace(resource.namespace);
  result.objects.push(
    context.put(
      "AuthorizationPolicy",
      resource.name,
      policy,
      { resource },
      existing?.kind === "AuthorizationPolicy" ? existing : undefined,
    ),
  );
  const what = rules.length === 0 ? "nobody" : `${rules.length} ${rules.length === 1 ? "rule" : "rules"}`;
  result.sentences.push(`${policy.action} on ${target.service ?? target.namespace ?? "the mesh"}: ${what}.`);
  return result;
}

function importRule(fields: Fields, context: ImportContext, resource: Resource): AuthorizationRule {
  const from = fields.list("from").map((each): AuthorizationSource => {
    const source = each.object("source");
    const principals = [
      ...(source?.texts("principals") ?? []),
      ...(source?.texts("serviceAccounts") ?? []).map((account) => principalOf(account, context, resource)),
    ];
    const namespaces = source?.texts("namespaces");
    source?.keepRest();
    each.keepRest();
    return { ...(principals.length > 0 ? { principals } : {}), ...(namespaces ? { namespaces } : {}) };
  });
  const to = fields.list("to").map((each): AuthorizationOperation => {
    const operation = each.object("operation");
    const methods = operation?.texts("methods");
    const paths = operation?.texts("paths");
    const ports = operation?.texts("ports")?.map(Number);
    const hosts = operation?.texts("hosts");
    operation?.keepRest();
    each.keepRest();
    return {
      ...(methods ? { methods } : {}),
      ...(paths ? { paths } : {}),
      ...(ports ? { ports } : {}),
      ...(hosts ? { hosts } : {}),
    };
  });
  const when = fields.has("when") ? fields.peek("when") : undefined;
  const operations = when === undefined ? to : importConditions(fields, to);
  if (!operations) fields.keep("when", when);
  fields.keepRest();
  return {
    ...(from.length > 0 ? { from } : {}),
    ...(operations && operations.length > 0 ? { to: operations } : {}),
  };
}

/** `namespace/account` or `account` -> principal in the design's trust domain. */
function principalOf(account: string, context: ImportContext, resource: Resource): string {
  const [namespace, name] = account.includes("/") ? account.split("/") : [resource.namespace, account];
  const trustDomain = context.index.mesh?.spec.trustDomain ?? "cluster.local";
  return `${trustDomain}/ns/${namespace}/sa/${name}`;
}

/** The target of a selector; undefined (with a warning) when no service of the design answers to it. */
function targetOf(context: ImportContext, resource: Resource, spec: Fields): PolicyTarget | undefined {
  const labels = spec.object("selector")?.textMap("matchLabels");
  if (!labels || Object.keys(labels).length === 0) {
    return resource.namespace === ROOT_NAMESPACE ? {} : { namespace: resource.namespace };
  }
  const name = labels["app"] ?? labels["app.kubernetes.io/name"];
  const rest = Object.keys(labels).filter((key) => key !== "app" && key !== "app.kubernetes.io/name");
  if (name !== undefined && rest.length === 0 && context.get(keyOf("Service", resource.namespace, name)))
    return { service: name };
  const text = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");
  const message = `is left out: no service of the design answers to the selector ${text}`;
  context.warn(
    resource,
    ["spec", "selector"],
    message,
    `Add the service with this name in ${resource.namespace}, then import again.`,
  );
  return undefined;
}

const isMesh = (target: PolicyTarget) => !target.service && !target.namespace;
const sameTarget = (a: PolicyTarget | undefined, b: PolicyTarget) =>
  (a?.service ?? "") === (b.service ?? "") && (a?.namespace ?? "") === (b.namespace ?? "");
