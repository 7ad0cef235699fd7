// AuthorizationPolicy, MeshTLSAuthentication and the routes of Servers, each with a name of its own.
// The rule: a route on a Server makes every call that no route lists a 404, so a route for all other calls goes with it.
import type { AuthorizationPolicy } from "@/lib/mesh";
import type { ApiMatch } from "../gateway-api/lower";
import { coversMatch, intersect } from "../gateway-api/overlap";
import { GROUP, ROOT } from "../gateway-api/state";
import { matchOf } from "../gateway-api/write-rules";
import { type ExportContext, metadataOf } from "../shared/export-context";
import { GENERATED_LABEL } from "../shared/generated";
import { freeNames } from "../shared/names";
import type { Callers } from "./export-callers";
import type { OutServer } from "./export-servers";
import type { Said } from "./identities";
import { POLICY_GROUP } from "./state";

type Where = { name: string; namespace: string; generated?: string; from?: AuthorizationPolicy };
type Target = { kind: "Server" | "HTTPRoute" | "Namespace"; name: string };
type Calls = { matches: readonly ApiMatch[]; rule: number };

/** Those of HTTPRoute. */
const MAX_MATCHES = 64;
const MAX_RULES = 2;

export type AccessWriter = {
  grant(where: Where, target: Target, callers: Callers): void;
  grantCalls(where: Where, server: OutServer, callers: Callers, calls: Calls): void;
  finish(servers: readonly OutServer[]): void;
};

type Listed = { policy: AuthorizationPolicy; server: OutServer; callers: Callers; calls: Calls };

export function newAccessWriter(context: ExportContext): AccessWriter {
  const listed: Listed[] = [];
  const free = freeNames(context.resources);

  const authentications = ({ said }: Callers, where: Where): string[] => {
    if (!said) return [];
    // names and references exclude each other
    const parts: Said[] = [
      { refs: said.refs, identities: [] },
      { refs: [], identities: said.identities },
    ].filter(({ refs, identities }) => refs.length + identities.length > 0);
    return parts.map(({ refs, identities }) => {
      const name = free("MeshTLSAuthentication", where.namespace, where.name);
      const spec = refs.length > 0 ? { identityRefs: refs } : { identities };
      write(where, "MeshTLSAuthentication", name, spec);
      return name;
    });
  };
  const write = (where: Where, kind: string, name: string, spec: Record<string, unknown>) => {
    const { namespace, generated, from } = where;
    const labels = generated === undefined ? {} : { labels: { [GENERATED_LABEL]: generated } };
    const isFirst = from && kind === "AuthorizationPolicy" && name === from.metadata.name;
    const metadata = isFirst ? metadataOf(from, name, namespace) : { name, namespace, ...labels };
    context.resources.push({ apiVersion: `${POLICY_GROUP}/v1alpha1`, kind, metadata, spec });
  };
  const grant = (where: Where, target: Target, callers: Callers) => {
    const group = target.kind === "Server" ? POLICY_GROUP : target.kind === "HTTPRoute" ? GROUP : "";
    const targetRef = { ...(group === "" ? {} : { group }), kind: target.kind, name: target.name };
    const names = authentications(callers, where);
    const groups = callers.said ? names.map((name) => [name]) : [[]];
    for (const each of groups) {
      const refs = each.map((name) => ({ group: POLICY_GROUP, kind: "MeshTLSAuthentication", name }));
      const name = free("AuthorizationPolicy", where.namespace, where.name);
      write(where, "AuthorizationPolicy", name, { targetRef, requiredAuthenticationRefs: refs });
    }
  };
  return {
    grant,
    grantCalls(where, server, callers, calls) {
      if (where.from) listed.push({ policy: where.from, server, callers, calls });
      const { namespace } = where;
      const name = free("HTTPRoute", namespace, where.name);
      const whole = calls.matches.slice(0, MAX_MATCHES * MAX_RULES);
      if (whole.length < calls.matches.length && where.from) {
        const reason = `more than ${whole.length} matches: the rest of the calls is refused`;
        context.lose(where.from, ["spec", "rules", calls.rule], "lost", reason, { changesMeaning: true });
      }
      const rules = [whole.slice(0, MAX_MATCHES), whole.slice(MAX_MATCHES)].filter((each) => each.length > 0);
      writeRoute(context, { name, namespace }, server, rules);
      grant(where, { kind: "HTTPRoute", name }, callers);
    },
    finish(servers) {
      for (const server of servers) {
        const own = listed.filter((each) => each.server === server);
        if (own.length === 0) continue;
        tellOverlaps(context, own);
        const { namespace } = server.service.metadata;
        const name = free("HTTPRoute", namespace, `${server.name}-others`);
        writeRoute(context, { name, namespace }, server, [[EVERYTHING]]);
      }
    },
  };
}

const EVERYTHING: ApiMatch = { path: { type: "prefix", value: ROOT }, headers: [], query: [] };

function writeRoute(
  context: ExportContext,
  metadata: { name: string; namespace: string },
  server: OutServer,
  rules: readonly (readonly ApiMatch[])[],
): void {
  const spec = {
    parentRefs: [{ group: POLICY_GROUP, kind: "Server", name: server.name }],
    rules: rules.map((matches) => ({ matches: matches.map(matchOf) })),
  };
  context.resources.push({ apiVersion: `${GROUP}/v1`, kind: "HTTPRoute", metadata, spec });
}

/** A call is for the most specific route alone: who is granted a wider one is not granted it. */
function tellOverlaps(context: ExportContext, listed: readonly Listed[]): void {
  for (const one of listed) {
    const rival = listed.find(
      (other) =>
        other !== one &&
        JSON.stringify(other.callers.said) !== JSON.stringify(one.callers.said) &&
        one.calls.matches.some((a) => other.calls.matches.some((b) => meet(a, b))),
    );
    if (!rival) continue;
    const reason = `calls that AuthorizationPolicy ${rival.policy.metadata.name} is for as well are for the callers of the more specific of the two only`;
    context.lose(one.policy, ["spec", "rules", one.calls.rule], "approximate", reason, { changesMeaning: true });
  }
}

const meet = (a: ApiMatch, b: ApiMatch) => intersect(a, b) !== null || coversMatch(a, b);
