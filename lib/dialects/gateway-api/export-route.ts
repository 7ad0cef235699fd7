// Route -> HTTPRoute, so that the product tries the rules to the same effect as the design's list.
// The rule: every rule gets a verdict; exact is said only where order, matches, action and times all are.
import { isSameJson, type MeshIndex, parsePath, plainHost, type Route, refKey, valueAt, withValueAt } from "@/lib/mesh";
import type { Manifest } from "../shared/dialect";
import { type ExportContext, metadataOf } from "../shared/export-context";
import { type Judgement, listEntries } from "./entries";
import { type Projection, projectionsOf } from "./export-consumers";
import { exportGrpcRoute } from "./export-grpc";
import { productOf, type RouteNeeds, type RouteProduct, type RuleContext } from "./export-rule";
import { orderBySpecificity } from "./order";
import { sectionNames } from "./redirects";
import { GROUP } from "./state";
import { type Written, writeRules } from "./write-rules";

const MAX_RULES = 16;
const MAX_MATCHES_OF_ROUTE = 128;

export function exportRoute(context: ExportContext, route: Route, needs: RouteNeeds): void {
  const parent = parentOf(context, route);
  if (!parent) {
    const reason = "calls to external services have no parent in Gateway API";
    context.lose(route, ["spec"], "lost", reason, { changesMeaning: true });
    return;
  }
  const judged = new Map<number, Judgement[]>();
  const judge = (rule: number, judgement: Judgement) => {
    const all = judged.get(rule) ?? [];
    if (!all.some((each) => each.reason === judgement.reason)) judged.set(rule, [...all, judgement]);
  };
  const product = productOf(needs);
  for (const index of route.spec.rules.keys()) for (const each of product.judgementsOf(index)) judge(index, each);
  const split = parent.ports.length > 1 && needsCalledPort(route);
  const names: string[] = [];
  for (const each of parent.isGateway ? wholeOf(route) : projectionsOf(route, parent.namespace, product.implied)) {
    if (each.route.spec.rules.length === 0) {
      const reason = "calls that are for no consumer route get 404 here, and go to the service there";
      context.lose(route, ["spec"], "lost", reason, { changesMeaning: true });
      continue;
    }
    names.push(...write(context, route, each, { parent, needs, isSplit: split, judge }));
  }
  report(context, route, judged, { isSplit: split, names, ports: parent.ports, title: product.title });
}

const wholeOf = (route: Route): Projection[] => [
  { consumer: undefined, route, places: [...route.spec.rules.keys()], unsaid: [] },
];

type Surroundings = {
  parent: ParentRef;
  needs: RouteNeeds;
  isSplit: boolean;
  judge(rule: number, judgement: Judgement): void;
};

/** Writes the route as it is for these callers, and returns the names of what is written. */
function write(
  context: ExportContext,
  whole: Route,
  { consumer, route, places }: Projection,
  { parent, needs, isSplit, judge: judgeAt }: Surroundings,
): string[] {
  const judge = (rule: number, judgement: Judgement) => judgeAt(places[rule] ?? rule, judgement);
  const own = productOf(needs);
  const product = { ...own, annotationsOf: (rule: number) => own.annotationsOf(places[rule] ?? rule) };
  const namespace = consumer?.namespace ?? parent.namespace;
  const rulesOf =
    (calledPort: number | undefined) =>
    (index: number): RuleContext => ({
      index: context.index,
      route,
      namespace,
      channel: needs.channel,
      calledPort,
      judge: (judgement) => judge(index, judgement),
      needsSubset: needs.needsSubset,
      // routes in the mesh need no grant, and a grant would be for gateways of that namespace too
      needsGrant: (backend) => consumer ?? needs.needsGrant("HTTPRoute", namespace, backend),
    });
  const grpc = isSplit
    ? undefined
    : exportGrpcRoute(route, rulesOf(parent.ports[0]), { ...needs, product }, consumer ? undefined : namespace);
  const listed = listEntries(route);
  if (!grpc) for (const [rule, all] of listed.judged) for (const each of all) judge(rule, each);
  const ordered = orderBySpecificity(listed.entries);
  if (!grpc) {
    for (const [rule, why] of ordered.uncertain)
      judge(rule, { verdict: "approximate", reason: why, changesMeaning: true });
  }
  const names: string[] = [];
  for (const port of isSplit ? parent.ports : [undefined]) {
    const written = grpc ?? writeRules(route, ordered.entries, rulesOf(port ?? parent.ports[0]));
    for (const part of chunked(written, product)) {
      const base = consumer?.name ?? nameOf(context.index, whole, product);
      const name = names.length === 0 ? base : `${base}-${String(names.length + 1).padStart(2, "0")}`;
      names.push(name);
      const kind = grpc ? "GRPCRoute" : "HTTPRoute";
      const elsewhere = consumer ? { namespace: parent.namespace } : {};
      const ref = { ...parent.ref, ...elsewhere, ...(port === undefined ? {} : { port }) };
      const spec = {
        parentRefs: parent.sections ? parent.sections.map((sectionName) => ({ ...ref, sectionName })) : [ref],
        ...(parent.isGateway && route.spec.hosts ? { hostnames: hostnamesOf(context, whole) } : {}),
        rules: part.map(({ rule }) => rule),
      };
      const metadata = metadataOf(route, name, namespace, product.annotationsOf(part[0]?.index ?? 0));
      const manifest: Manifest = { apiVersion: `${GROUP}/v1`, kind, metadata, spec };
      const isOwn = product.dialects.some((each) => each === route.metadata.origin?.dialect);
      context.resources.push(isOwn ? withKept(manifest, route, part, names.length === 1) : manifest);
    }
  }
  return names;
}

type ParentRef = {
  ref: Record<string, unknown>;
  namespace: string;
  isGateway: boolean;
  ports: number[];
  /** Listeners of a gateway that it is for; absent: all. */
  sections?: string[] | undefined;
};

function parentOf(context: ExportContext, route: Route): ParentRef | undefined {
  const { index } = context;
  const target = index.get(refKey(route.spec.target, route));
  if (target?.kind === "Service") {
    const { name, namespace } = target.metadata;
    const ports = target.spec.ports.filter(({ protocol }) => protocol !== "tcp").map(({ port }) => port);
    return { ref: { group: "", kind: "Service", name }, namespace, isGateway: false, ports };
  }
  if (target?.kind === "Gateway") {
    const { name, namespace } = target.metadata;
    const own = route.metadata.namespace;
    const sections = sectionNames(context, target, route);
    const ref = { name, ...(namespace === own ? {} : { namespace }) };
    return { ref, namespace: own, isGateway: true, ports: [], sections };
  }
  return undefined;
}

/** A destination without a port takes the port of the call; a route for several ports has to be written once for each. */
const needsCalledPort = (route: Route) =>
  route.spec.rules.some(
    ({ action }) => action.type === "forward" && action.destinations.some(({ port }) => port === undefined),
  );

/** The name of the source, unless several Routes came of it. */
function nameOf(index: MeshIndex, route: Route, { dialects }: RouteProduct): string {
  const { origin, name } = route.metadata;
  const isSource = (other: Route) =>
    other.metadata.origin?.kind === origin?.kind &&
    other.metadata.origin?.name === origin?.name &&
    other.metadata.origin?.namespace === origin?.namespace;
  const isOnly = index.all("Route").filter(isSource).length === 1;
  const own = origin?.kind.endsWith("Route") && dialects.includes(origin.dialect) ? origin.name : undefined;
  return isOnly && own !== undefined ? own : name;
}

function hostnamesOf(context: ExportContext, route: Route): string[] {
  const hosts = (route.spec.hosts ?? []).map(plainHost);
  const usable = hosts.filter((host) => host !== "*");
  if (usable.length < hosts.length && usable.length > 0) {
    context.lose(
      route,
      ["spec", "hosts"],
      "approximate",
      'a route for "*" beside names cannot be said: it is for the names',
      { changesMeaning: true },
    );
  }
  return usable;
}

function chunked(written: readonly Written[], { annotationsOf }: RouteProduct): Written[][] {
  const parts: Written[][] = [];
  let count = 0;
  for (const each of written) {
    const part = parts.at(-1);
    const isAlike = isSameJson(annotationsOf(part?.[0]?.index ?? 0), annotationsOf(each.index));
    if (part && isAlike && part.length < MAX_RULES && count + each.matches <= MAX_MATCHES_OF_ROUTE) {
      part.push(each);
      count += each.matches;
    } else {
      parts.push([each]);
      count = each.matches;
    }
  }
  return parts;
}

/** Puts back what was kept of the source: of each rule that is written here, and of the rest once. */
function withKept(manifest: Manifest, route: Route, part: readonly Written[], isFirst: boolean): Manifest {
  let result = manifest;
  for (const { path: text, value } of route.metadata.origin?.kept ?? []) {
    const path = parsePath(text);
    if (path[1] !== "rules" || typeof path[2] !== "number") {
      if (isFirst) result = withValueAt(result, path, value);
      continue;
    }
    if (path.length === 3) {
      const rules = valueAt(result, ["spec", "rules"]);
      if (isFirst && Array.isArray(rules) && rules.length < MAX_RULES) {
        result = withValueAt(result, ["spec", "rules"], [...rules, value]);
      }
      continue;
    }
    for (const [i, { index }] of part.entries()) {
      if (index !== path[2]) continue;
      const place = ["spec", "rules", i, ...path.slice(3)];
      const there = valueAt(result, place);
      const isList = Array.isArray(there) && Array.isArray(value);
      result = withValueAt(result, place, isList ? [...there, ...value] : value);
    }
  }
  return result;
}

type Writing = { isSplit: boolean; names: readonly string[]; ports: readonly number[]; title: string };

function report(
  context: ExportContext,
  route: Route,
  judged: ReadonlyMap<number, readonly Judgement[]>,
  { isSplit, names, ports, title }: Writing,
): void {
  const target = names.join(", ");
  route.spec.rules.forEach((_rule, i) => {
    const all = judged.get(i) ?? [];
    const path = ["spec", "rules", i];
    for (const { verdict, reason, changesMeaning } of all) {
      context.lose(route, path, verdict, reason, { ...(changesMeaning ? { changesMeaning } : {}), target });
    }
    if (all.length > 0) return;
    if (isSplit) {
      const reason = `the same, in one route for each of the ports ${ports.join(", ")}`;
      context.tell(route, path, "moved", reason, { target });
    } else context.tell(route, path, "exact", `means the same in ${title}`, { target });
  });
  const versions = route.spec.rules.flatMap(({ action }) => (action.type === "forward" ? action.destinations : []));
  if (versions.some(({ subset }) => subset !== undefined)) {
    const reason = "each subset that a route names is a Service of its own, written beside the routes";
    context.tell(route, ["spec"], "moved", reason, { target });
  }
}
