// One rule of an AuthorizationPolicy, both ways: sources, operations and conditions.
// The rule: a field is read as it is written; what two fields say together and the model says in one is put together, never one for the other.

import {
  type AuthorizationOperation,
  type AuthorizationPolicy,
  type AuthorizationRule,
  type AuthorizationSource,
  type ObjectKey,
  type Ref,
  refKey,
} from "@/lib/mesh";
import type { ImportContext, Resource } from "../shared/context";
import { defined, type Fields } from "../shared/fields";
import { matchesPrincipal, trustDomainIn } from "../shared/principals";
import { importConditions } from "./conditions";
import { importHosts } from "./policy-hosts";
import { importRuleConditions, isOfRule } from "./rule-conditions";
import { asksOfToken, importTokenConditions } from "./token-conditions";
import { readPrincipals, writePrincipal } from "./trust-domain";

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

export function importRule(fields: Fields, context: ImportContext, resource: Resource): AuthorizationRule {
  const from = fields.list("from").map((each) => {
    const source = each.object("source");
    const read = source ? importSource(source, context, resource) : {};
    each.keepRest();
    return read;
  });
  const to = fields.list("to").flatMap((each): AuthorizationOperation[] => {
    const operation = each.object("operation");
    const read = operation ? importOperation(operation) : [{}];
    each.keepRest();
    return read;
  });
  const when = fields.has("when") ? fields.peek("when") : undefined;
  const written = fields.list("when");
  const ofRule = new Set(written.filter((each) => isOfRule(each, from)));
  const others = written.filter((each) => !ofRule.has(each));
  const conditions = importRuleConditions([...ofRule], (path, all) => readPrincipals(context, resource, path, all));
  const operations =
    when === undefined
      ? to
      : importConditions(
          others.filter((each) => !asksOfToken(each)),
          to,
        );
  const sources = importTokenConditions(others.filter(asksOfToken), from);
  if (!operations || !sources || !conditions) fields.keep("when", when);
  fields.keepRest();
  const isAnyOperation = operations?.length === 1 && to.length === 0 && Object.keys(operations[0] ?? {}).length === 0;
  return {
    ...(sources && sources.length > 0 ? { from: sources } : {}),
    ...(operations && operations.length > 0 && !isAnyOperation ? { to: operations } : {}),
    ...(conditions && conditions.length > 0 ? { when: conditions } : {}),
  };
}

function importSource(source: Fields, context: ImportContext, resource: Resource): AuthorizationSource {
  const accounts = (name: string) =>
    (source.texts(name) ?? []).map((account) => principalOf(account, context, resource));
  const named = (name: string) => readPrincipals(context, resource, [...source.path, name], source.texts(name) ?? []);
  const principals = [...named("principals"), ...accounts("serviceAccounts")];
  // every principal of a trust domain; beside principals both would have to hold
  if (principals.length === 0) principals.push(...(source.texts("trustDomains") ?? []).map(ofTrustDomain));
  const notPrincipals = [
    ...named("notPrincipals"),
    ...accounts("notServiceAccounts"),
    ...(source.texts("notTrustDomains") ?? []).map(ofTrustDomain),
  ];
  const namespaces = source.texts("namespaces");
  // others than those of the text are there as well
  for (const name of namespaces ?? []) if (LABEL.test(name)) context.assumeNamespace(name);
  const read = {
    principals: some(principals),
    notPrincipals: some(notPrincipals),
    namespaces,
    notNamespaces: some(source.texts("notNamespaces")),
    addresses: some(source.texts("ipBlocks")),
    notAddresses: some(source.texts("notIpBlocks")),
    clientAddresses: some(source.texts("remoteIpBlocks")),
    notClientAddresses: some(source.texts("notRemoteIpBlocks")),
    requestPrincipals: some(source.texts("requestPrincipals")),
    notRequestPrincipals: some(source.texts("notRequestPrincipals")),
  };
  source.keepRest();
  return defined<AuthorizationSource>(read);
}

function importOperation(operation: Fields): AuthorizationOperation[] {
  const ports = (name: string) => some(operation.texts(name))?.map(Number);
  const read = {
    methods: operation.texts("methods"),
    notMethods: some(operation.texts("notMethods")),
    paths: operation.texts("paths"),
    notPaths: some(operation.texts("notPaths")),
    ports: operation.texts("ports")?.map(Number),
    notPorts: ports("notPorts"),
  };
  const operations = importHosts(operation, defined<AuthorizationOperation>(read));
  operation.keepRest();
  return operations;
}

const some = (list: string[] | undefined) => (list && list.length > 0 ? list : undefined);

const ofTrustDomain = (domain: string) => (domain.endsWith("*") ? domain : `${domain}/*`);

/** `namespace/account` or `account` -> principal in the design's trust domain. */
function principalOf(account: string, context: ImportContext, resource: Resource): string {
  const [namespace, name] = account.includes("/") ? account.split("/") : [resource.namespace, account];
  return `${trustDomainIn(context)}/ns/${namespace}/sa/${name}`;
}

/**
 * @param own the design's trust domain
 * @param principalsOf the principals that run behind a service, gateway or workload
 * @returns undefined where every source asks for a caller that nobody can be
 */
export function exportRule(
  rule: AuthorizationRule,
  policy: AuthorizationPolicy,
  own: string,
  principalsOf: (caller: ObjectKey) => string[],
): { from?: object[]; to?: object[] } | undefined {
  const written = (principals: string[] | undefined) => principals?.map((each) => writePrincipal(own, each));
  const from = rule.from?.flatMap((source) => {
    const principals = principalsIn(source, (ref) => principalsOf(refKey(ref, policy)));
    if (principals?.length === 0) return [];
    return {
      source: defined({
        principals: written(principals),
        notPrincipals: written(source.notPrincipals),
        namespaces: source.namespaces,
        notNamespaces: source.notNamespaces,
        ipBlocks: source.addresses,
        notIpBlocks: source.notAddresses,
        remoteIpBlocks: source.clientAddresses,
        notRemoteIpBlocks: source.notClientAddresses,
        requestPrincipals: source.requestPrincipals,
        notRequestPrincipals: source.notRequestPrincipals,
      }),
    };
  });
  if (from?.length === 0) return undefined;
  const to = rule.to?.map(({ methods, notMethods, paths, notPaths, ports, notPorts, hosts, notHosts }) => ({
    operation: defined({
      methods,
      notMethods,
      paths,
      notPaths,
      ports: ports?.map(String),
      notPorts: notPorts?.map(String),
      hosts,
      notHosts,
    }),
  }));
  return { ...(from ? { from } : {}), ...(to ? { to } : {}) };
}

/** Services and principals of one source have to hold both: those of the services that one of the principals means. */
function principalsIn(
  { principals, services }: AuthorizationSource,
  principalsOf: (ref: Ref) => string[],
): string[] | undefined {
  if (!services) return principals;
  const all = [...new Set(services.flatMap(principalsOf))];
  return principals ? all.filter((id) => principals.some((each) => matchesPrincipal(each, id))) : all;
}
