// MW1007: a dependency that is drawn but that no policy grants, or that one denies. The call will be refused.
import {
  API_VERSION,
  type Command,
  type Dependency,
  keyOf,
  type MeshIndex,
  type ObjectKey,
  type ObjectOf,
  objectKey,
  refKey,
  refTo,
} from "@/lib/mesh";
import type { Finding, ObjectAnalyzer } from "../finding";

export const mw1007DrawnNotGranted: ObjectAnalyzer<"Dependency"> = {
  code: "MW1007",
  title: "Drawn, but not granted",
  scope: "object",
  kind: "Dependency",
  run(index, dependency) {
    const caller = refKey(dependency.spec.from, dependency);
    const callee = refKey(dependency.spec.to, dependency);
    if (!index.get(caller) || !index.get(callee)) return [];
    return index.get(callee)?.kind === "ExternalService"
      ? withoutEgress(index, dependency, caller, callee)
      : withoutPermission(index, dependency, caller, callee);
  },
};

const endsText = (dependency: Dependency) => `${dependency.spec.from.name} -> ${dependency.spec.to.name}`;

function withoutEgress(index: MeshIndex, dependency: Dependency, caller: ObjectKey, callee: ObjectKey): Finding[] {
  const isOpen = index.egressesTo(callee).some((egress) => {
    if (egress.spec.from) return egress.spec.from.some((ref) => refKey(ref, egress) === caller);
    return index.get(caller)?.metadata.namespace === egress.metadata.namespace;
  });
  if (isOpen) return [];
  const { namespace } = dependency.metadata;
  const callerObject = index.find("Service", caller);
  const owner = callerObject?.spec.owner;
  const { to, from } = dependency.spec;
  const taken = index.get(keyOf("Egress", namespace, to.name));
  const command: Command = {
    type: "addObject",
    object: {
      apiVersion: API_VERSION,
      kind: "Egress",
      metadata: { name: taken ? `${from.name}-${to.name}` : to.name, namespace },
      spec: { from: [from], to, ...(owner === undefined ? {} : { owner }) },
    },
  };
  return [
    {
      code: "MW1007",
      severity: "error",
      message: `${endsText(dependency)} is drawn, but no egress opens the way out: the call gets 404.`,
      cause: "Nothing leaves the mesh unless an Egress names the caller and the external service.",
      refs: [objectKey(dependency), callee],
      fixes: [{ title: `Open the egress for ${from.name}`, command }],
    },
  ];
}

function withoutPermission(index: MeshIndex, dependency: Dependency, caller: ObjectKey, callee: ObjectKey): Finding[] {
  const policies = index
    .all("AuthorizationPolicy")
    .filter((policy) => appliesTo(policy, index, callee) && !policy.spec.shadow);
  const deny = policies.find(
    (policy) =>
      policy.spec.action === "deny" && policy.spec.rules.some((rule) => !rule.to && namesCaller(rule, policy, caller)),
  );
  if (deny) {
    return [
      {
        code: "MW1007",
        severity: "error",
        message: `${endsText(dependency)} is drawn, but ${deny.metadata.name} denies it.`,
        cause: "A deny policy wins over everything that allows.",
        refs: [objectKey(dependency), objectKey(deny)],
        fixes: [
          { title: "Remove the dependency", command: { type: "removeObject", key: objectKey(dependency) } },
          { title: `Remove the policy ${deny.metadata.name}`, command: { type: "removeObject", key: objectKey(deny) } },
        ],
      },
    ];
  }
  if (index.mesh?.spec.defaults.authorization !== "deny") return [];
  const isAllowed = policies.some(
    (policy) => policy.spec.action === "allow" && policy.spec.rules.some((rule) => namesCaller(rule, policy, caller)),
  );
  const target = index.find("Service", callee);
  if (isAllowed || !target) return [];
  const from = index.get(caller);
  const ref =
    from && (from.kind === "Service" || from.kind === "Gateway")
      ? refTo(from, target.metadata.namespace)
      : dependency.spec.from;
  const command: Command = {
    type: "addObject",
    object: {
      apiVersion: API_VERSION,
      kind: "AuthorizationPolicy",
      metadata: {
        name: `${dependency.spec.from.name}-to-${target.metadata.name}`,
        namespace: target.metadata.namespace,
      },
      spec: { target: { service: target.metadata.name }, action: "allow", rules: [{ from: [{ services: [ref] }] }] },
    },
  };
  return [
    {
      code: "MW1007",
      severity: "error",
      message: `${endsText(dependency)} is drawn, but nothing allows it: the call gets 403.`,
      cause: "The mesh denies by default, and no allow policy of the callee names this caller.",
      refs: [objectKey(dependency), callee],
      fixes: [{ title: `Allow ${dependency.spec.from.name} to call ${target.metadata.name}`, command }],
    },
  ];
}

function appliesTo(policy: ObjectOf<"AuthorizationPolicy">, index: MeshIndex, callee: ObjectKey): boolean {
  const { target } = policy.spec;
  if (target.service) return keyOf("Service", target.namespace ?? policy.metadata.namespace, target.service) === callee;
  return !target.namespace || index.get(callee)?.metadata.namespace === target.namespace;
}

function namesCaller(
  rule: ObjectOf<"AuthorizationPolicy">["spec"]["rules"][number],
  policy: ObjectOf<"AuthorizationPolicy">,
  caller: ObjectKey,
): boolean {
  if (!rule.from) return true;
  const [kind, namespace, name] = caller.split("/");
  return rule.from.some((source) => {
    const byPrincipal =
      source.principals?.some((each) => each === "*" || each.endsWith(`/ns/${namespace}/sa/${name}`)) ?? true;
    const byService = source.services?.some((ref) => refKey(ref, policy) === `${kind}/${namespace}/${name}`) ?? true;
    return byPrincipal && byService && (source.namespaces?.includes(namespace ?? "") ?? true);
  });
}
