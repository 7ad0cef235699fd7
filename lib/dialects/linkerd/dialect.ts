// Linkerd as a dialect: policies, routes, profiles and annotations in and out.
// The rule: in documents of a Linkerd mesh the routes of Gateway API are Linkerd's; elsewhere they are Gateway API's own.
import { valueAt } from "@/lib/mesh";
import { CATALOGUE } from "../catalogue";
import { attachRoutes } from "../gateway-api/attach";
import { GROUP } from "../gateway-api/state";
import type { ImportContext } from "../shared/context";
import type { Dialect, Importer, Reading, ReadingOptions } from "../shared/dialect";
import { isRecord } from "../shared/fields";
import { settleOpenDefaults } from "../shared/open-defaults";
import { putAccess } from "./access";
import { isLinkerds } from "./annotations";
import { putDefaultPolicies } from "./defaults";
import { exportLinkerd } from "./export";
import { FIELDS } from "./field-verdicts";
import { importKept, KEPT_KINDS } from "./kept-kinds";
import { impliedBy, putAnnotatedServices, readRoute } from "./outbound";
import { type LimitPart, readRateLimit } from "./rate-limit";
import {
  readAuthorizationPolicy,
  readMeshTls,
  readNetworkAuthentication,
  readServer,
  readServerAuthorization,
} from "./read-policy";
import { type ProfilePart, putProfiles, readServiceProfile } from "./service-profile";
import { LinkerdState, POLICY_GROUP } from "./state";
import { putTraffic } from "./traffic";

/** After Kubernetes, Istio and Gateway API. */
const RANK = 400;
const ROUTE_VERSIONS = ["v1beta3", "v1beta2", "v1beta1", "v1alpha1"];

function reading({ isChosen = false }: ReadingOptions = {}): Reading {
  const state = new LinkerdState();
  const profiles: ProfilePart[] = [];
  const limits: LimitPart[] = [];
  const takes = (_value: unknown, all: readonly unknown[]) => isChosen || isLinkerdWorld(all);
  const policy = (kind: string, versions: string[], run: Importer["run"]): Importer => ({
    group: POLICY_GROUP,
    kind,
    versions,
    rank: RANK,
    run,
  });
  const importers: Importer[] = [
    policy("Server", ["v1beta3", "v1beta2", "v1beta1", "v1alpha1"], readServer(state)),
    policy("AuthorizationPolicy", ["v1alpha1"], readAuthorizationPolicy(state)),
    policy("MeshTLSAuthentication", ["v1alpha1"], readMeshTls(state)),
    policy("NetworkAuthentication", ["v1alpha1"], readNetworkAuthentication(state)),
    policy("ServerAuthorization", ["v1beta1", "v1alpha1"], readServerAuthorization(state)),
    policy("HTTPLocalRateLimitPolicy", ["v1alpha1"], readRateLimit(limits)),
    policy("HTTPRoute", ROUTE_VERSIONS, readRoute("HTTPRoute", state)),
    ...(["HTTPRoute", "GRPCRoute"] as const).map(
      (kind): Importer => ({
        group: GROUP,
        kind,
        versions: kind === "HTTPRoute" ? ["v1", "v1beta1"] : ["v1"],
        rank: RANK,
        takes,
        run: readRoute(kind, state),
      }),
    ),
    {
      group: "linkerd.io",
      kind: "ServiceProfile",
      versions: ["v1alpha2", "v1alpha1"],
      rank: RANK,
      run: readServiceProfile(profiles),
    },
    ...KEPT_KINDS.map(
      (each): Importer => ({ ...each, versions: each.versions, rank: RANK, run: importKept(each.kind) }),
    ),
  ];
  return { importers, finish: (context) => finish(context, { state, profiles, limits }, isChosen) };
}

type Read = { state: LinkerdState; profiles: readonly ProfilePart[]; limits: readonly LimitPart[] };

function finish(context: ImportContext, { state, profiles, limits }: Read, isChosen: boolean): void {
  const first = context.resources.find(
    ({ dialect, annotations, kind, spec }) =>
      dialect === "linkerd" || isAnnotated({ metadata: { annotations }, kind, spec }),
  );
  const told = first ?? (isChosen ? context.resources[0] : undefined);
  if (!told) return;
  settleOpenDefaults(context, told, "Linkerd lets in what no Server closes");
  putTraffic(context);
  attachRoutes(context, state.outbound, { implied: (service) => impliedBy(context, service) });
  putAnnotatedServices(context);
  putProfiles(context, profiles);
  const trustDomain = context.index.mesh?.spec.trustDomain ?? "cluster.local";
  putDefaultPolicies(context, putAccess(context, state, limits, trustDomain));
}

const worlds = new WeakMap<readonly unknown[], boolean>();

/** Whether any of these documents is Linkerd's, or says something to Linkerd. */
function isLinkerdWorld(all: readonly unknown[]): boolean {
  const known = worlds.get(all);
  if (known !== undefined) return known;
  const found = all.some(
    (each) =>
      (isRecord(each) && typeof each["apiVersion"] === "string" && isLinkerds(each["apiVersion"])) || isAnnotated(each),
  );
  worlds.set(all, found);
  return found;
}

function isAnnotated(value: unknown): boolean {
  return [
    ["metadata", "annotations"],
    ["spec", "template", "metadata", "annotations"],
  ].some((path) => {
    const annotations = valueAt(value, path);
    return isRecord(annotations) && Object.keys(annotations).some(isLinkerds);
  });
}

const known = reading().importers;

export const linkerd: Dialect = {
  ...CATALOGUE.linkerd,
  alsoReads: ["gateway-api"],
  recognises: (apiVersion, kind) => known.some((each) => each.kind === kind && apiVersion.startsWith(`${each.group}/`)),
  reading,
  exportDocument: exportLinkerd,
  fields: FIELDS,
};
