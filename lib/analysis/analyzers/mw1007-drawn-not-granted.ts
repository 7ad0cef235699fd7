// MW1007: a dependency that is drawn but that no policy grants, or that one denies. The call will be refused.
import {
  API_VERSION,
  type Command,
  type Dependency,
  keyOf,
  type MeshIndex,
  type ObjectKey,
  objectKey,
  refKey,
  refTo,
} from "@/lib/mesh";
import { namesCaller } from "../callers";
import { endsOf } from "../calls";
import type { FindingBody, ObjectAnalyzer } from "../finding";
import { protectionIn } from "../protection";

export const mw1007DrawnNotGranted: ObjectAnalyzer<"Dependency"> = {
  code: "MW1007",
  title: "Drawn, but not granted",
  area: "access",
  ofDesign: true,
  scope: "object",
  kind: "Dependency",
  run(index, dependency) {
    const { from: caller, to: callee } = endsOf(dependency);
    if (!index.get(caller) || !index.get(callee)) return [];
    return dependency.spec.to.kind === "ExternalService"
      ? withoutEgress(index, dependency, caller, callee)
      : withoutPermission(index, dependency, caller, callee);
  },
};

const endsText = (dependency: Dependency) => `${dependency.spec.from.name} -> ${dependency.spec.to.name}`;

function withoutEgress(index: MeshIndex, dependency: Dependency, caller: ObjectKey, callee: ObjectKey): FindingBody[] {
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

function withoutPermission(
  index: MeshIndex,
  dependency: Dependency,
  caller: ObjectKey,
  callee: ObjectKey,
): FindingBody[] {
  const policies = index.authorizationsOn(callee).filter((policy) => !policy.spec.shadow);
  const deny = policies.find(
    (policy) =>
      policy.spec.action === "deny" &&
      policy.spec.rules.some((rule) => !rule.to && namesCaller(index, rule, policy, caller)),
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
  const byDefault = index.mesh?.spec.defaults.authorization ?? "drawn";
  if (byDefault === "drawn") return [];
  const allows = policies.filter((policy) => policy.spec.action === "allow");
  if (byDefault === "allow" && allows.length === 0) return [];
  const isAllowed = allows.some((policy) => policy.spec.rules.some((rule) => namesCaller(index, rule, policy, caller)));
  const target = index.find("Service", callee);
  if (isAllowed || !target) return [];
  const isEnforced = protectionIn(index, target, dependency.spec.port).allowed === "enforced";
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
      severity: isEnforced ? "error" : "info",
      message: `${endsText(dependency)} is drawn, but nothing allows it: the call ${isEnforced ? "gets" : "would get"} 403.`,
      cause: `${byDefault === "deny" ? "The mesh denies by default" : "An allow policy closes the callee for everybody else"}, and no allow policy of the callee names this caller.${isEnforced ? "" : " The list of callers is only counted here, not enforced."}`,
      refs: [objectKey(dependency), callee],
      fixes: [{ title: `Allow ${dependency.spec.from.name} to call ${target.metadata.name}`, command }],
    },
  ];
}
