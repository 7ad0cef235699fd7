// AuthorizationPolicies, drawn dependencies and the mesh's default -> ServiceIntentions, one for each service that something is said of.
// The rule: of all intentions Consul asks the most exact one, so each source says everything that holds for it, denials first; what cannot be
// asked is not let in, and not left out of a denial.
import { type AuthorizationPolicy, objectKey, type Path, refKey, type Service, workloadOwnerName } from "@/lib/mesh";
import { ANY } from "./documents";
import { type ConsulExport, isHttp, SYSTEM_NAMESPACE } from "./export-out";
import { conditionsOf } from "./export-what";
import { whoOf } from "./export-who";

type Spec = Record<string, unknown>;
type Clause = { action: "allow" | "deny"; names: readonly string[] | undefined; http: Spec[]; isAny: boolean };
const EVERYTHING = { pathPrefix: "/" };
/** What of a source has words in Consul. */
const KNOWN = new Set(["principals", "services", "namespaces"]);
const LOUD = { changesMeaning: true };

export function exportIntentions(out: ConsulExport): void {
  const { index, context } = out;
  const mode = index.mesh?.spec.defaults.authorization ?? "drawn";
  const wild = mode === "allow" ? "allow" : "deny";
  for (const service of index.all("Service")) if (out.isOwner(service)) exportService(out, service, wild);
  const spec = { destination: { name: ANY }, sources: [{ name: ANY, action: wild }] };
  out.add("ServiceIntentions", { name: "everything", namespace: SYSTEM_NAMESPACE }, spec);
  for (const policy of index.all("AuthorizationPolicy")) {
    const { action, shadow } = policy.spec;
    if (action === "audit" || shadow) {
      context.lose(policy, ["spec"], "lost", "Consul has no intentions that only count or tell");
    }
  }
  const units = index
    .all("AuthorizationPolicy")
    .filter(({ spec }) => spec.action !== "custom")
    .map((each) => ({ key: objectKey(each), path: "spec" }));
  context.fillExact(units, "means the same in ServiceIntentions");
}

function exportService(out: ConsulExport, service: Service, wild: "allow" | "deny"): void {
  const { index } = out;
  const policies = index
    .authorizationsOn(objectKey(service))
    .filter(({ spec }) => (spec.action === "allow" || spec.action === "deny") && !spec.shadow);
  const clauses = policies.flatMap((policy) => clausesOf(out, service, policy));
  if (index.mesh?.spec.defaults.authorization === "drawn") clauses.push(...drawn(out, service));
  const isListed = policies.some(({ spec }) => spec.action === "allow");
  const rest = wild === "allow" && !isListed ? "allow" : "deny";
  if (clauses.length === 0 && rest === wild) return;
  const names = [...new Set(clauses.flatMap((each) => each.names ?? []))];
  const sources = [...names, ANY].map((name) => sourceOf(out, service, { name, clauses, rest }));
  const { name, namespace } = service.metadata;
  out.add("ServiceIntentions", { name, namespace }, { destination: { name }, sources });
}

type Asked = { name: string; clauses: readonly Clause[]; rest: "allow" | "deny" };

function sourceOf(out: ConsulExport, service: Service, { name, clauses, rest }: Asked): Spec {
  const own = clauses.filter(({ names }) => names === undefined || names.includes(name));
  const [denied, allowed] = (["deny", "allow"] as const).map((action) => own.filter((each) => each.action === action));
  const isAny = (list: readonly Clause[] | undefined) => list?.some((each) => each.isAny) === true;
  const permissions = (action: "allow" | "deny", list: readonly Clause[] | undefined) =>
    unique((list ?? []).flatMap(({ http }) => http)).map((http) => ({ action, http }));
  if (isAny(denied)) return { name, action: "deny" };
  const last = isAny(allowed) ? "allow" : rest;
  const written = [...permissions("deny", denied), ...(last === "allow" ? [] : permissions("allow", allowed))];
  const isPlain = written.every(({ action }) => action === last);
  if (isPlain) return { name, action: last };
  if (!isHttp(service)) {
    const reason = `Consul asks nothing of connections: ${name === ANY ? "all others are" : `${name} is`} refused`;
    out.context.lose(service, ["spec", "ports"], "approximate", reason, LOUD);
    return { name, action: "deny" };
  }
  return { name, permissions: [...written, { action: last, http: EVERYTHING }] };
}

const unique = (list: readonly Spec[]): Spec[] => [
  ...new Map(list.map((each) => [JSON.stringify(each), each])).values(),
];

function clausesOf(out: ConsulExport, service: Service, policy: AuthorizationPolicy): Clause[] {
  const action = policy.spec.action === "deny" ? "deny" : "allow";
  const ports = service.spec.ports.filter(({ protocol }) => protocol !== "tcp").map(({ port }) => port);
  return policy.spec.rules.flatMap((rule, r): Clause[] => {
    const path: Path = ["spec", "rules", r];
    const { http, isAny, unsaid } = conditionsOf(rule.to, ports, action);
    for (const reason of unsaid) {
      const what = action === "allow" ? "these calls are refused" : "all calls of these callers are refused";
      out.context.loseOnce(policy, [...path, "to"], "lost", `${reason}: ${what}`, LOUD);
    }
    const isWide = isAny || (action === "deny" && unsaid.length > 0);
    if (!isWide && http.length === 0) return [];
    const clause: Omit<Clause, "names"> = { action, http: isWide ? [] : http, isAny: isWide };
    const whole: Omit<Clause, "names"> = { action, http: [], isAny: true };
    const sources = rule.from ?? [undefined];
    return sources.flatMap((source): Clause[] => {
      const strange = Object.keys(source ?? {}).filter((field) => !KNOWN.has(field));
      if (strange.length > 0) {
        const what = action === "allow" ? "these calls are refused" : "all calls of these callers are refused";
        out.context.loseOnce(
          policy,
          [...path, "from"],
          "lost",
          `Consul has no words for ${strange.join(", ")}: ${what}`,
          LOUD,
        );
        if (action === "allow") return [];
      }
      const said = strange.length > 0 ? whole : clause;
      const who = whoOf(out, policy, source);
      if (!who) return [{ ...said, names: undefined }];
      const at = [...path, "from"];
      if (who.partly.length > 0) {
        const what = action === "allow" ? "these workloads are refused" : "all of its workloads are refused";
        const reason = `Consul knows services, and of ${who.partly.join(", ")} only some workloads are meant: ${what}`;
        out.context.loseOnce(policy, at, "approximate", reason, LOUD);
      }
      const names = action === "allow" ? who.names : [...who.names, ...who.partly];
      if (names.length === 0) {
        out.context.loseOnce(
          policy,
          at,
          "lost",
          `${JSON.stringify(source)} is no service of the design`,
          action === "deny" ? LOUD : {},
        );
        return [];
      }
      if (who.isOpen) {
        const reason =
          "Consul has no patterns: the services of today are named, and one that comes later is not among them";
        out.context.loseOnce(policy, at, "approximate", reason, {});
      }
      return [{ ...said, names }];
    });
  });
}

function drawn({ index }: ConsulExport, service: Service): Clause[] {
  const ports = service.spec.ports.filter(({ protocol }) => protocol !== "tcp").map(({ port }) => port);
  return index.dependenciesTo(objectKey(service)).flatMap((dependency): Clause[] => {
    const { from, port } = dependency.spec;
    if (port !== undefined && !ports.includes(port)) return [];
    const caller = index.get(refKey(from, dependency));
    if (!caller || caller.kind === "ExternalService") return [];
    const name = caller.kind === "Workload" ? workloadOwnerName(caller) : caller.metadata.name;
    return [{ action: "allow", names: [name], http: [], isAny: true }];
  });
}
