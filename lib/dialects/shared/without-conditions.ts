// A design for a product that has no words for addresses, exceptions and patterns in permissions: none is left, and each loss is told.
// The rule: what is left refuses more, never less. A grant that asks for one goes; a denial that asks for one is for all.
import {
  type AuthorizationOperation,
  type AuthorizationPolicy,
  type AuthorizationRule,
  type AuthorizationSource,
  type MeshDocument,
  objectKey,
} from "@/lib/mesh";
import type { ReportEntry } from "./dialect";

export function withoutConditions(
  document: MeshDocument,
  title: string,
): { document: MeshDocument; losses: ReportEntry[] } {
  const losses: ReportEntry[] = [];
  const objects = document.objects.map((object) =>
    object.kind === "AuthorizationPolicy" ? plainPolicy(object, title, losses) : object,
  );
  return losses.length > 0 ? { document: { objects }, losses } : { document, losses };
}

function plainPolicy(policy: AuthorizationPolicy, title: string, losses: ReportEntry[]): AuthorizationPolicy {
  const { action, shadow } = policy.spec;
  if (policy.spec.rules.every((rule) => wordsOf(rule).length === 0)) return policy;
  const isDenial = action === "deny";
  const rules = policy.spec.rules.flatMap((rule, r) => {
    const words = wordsOf(rule);
    if (words.length === 0) return [rule];
    const what = isDenial ? "denied without it, which refuses more" : "what is granted with it is left out";
    losses.push({
      key: objectKey(policy),
      path: `spec.rules[${r}]`,
      verdict: isDenial ? "approximate" : "lost",
      reason: `this export to ${title} has no word for ${words.join(", ")}: ${what}`,
      changesMeaning: action !== "audit" && shadow !== true,
    });
    return isDenial ? [wider(rule)] : narrower(rule);
  });
  return { ...policy, spec: { ...policy.spec, rules } };
}

const wordsOf = ({ from = [], to = [], when = [] }: AuthorizationRule): string[] => [
  ...new Set([
    ...from.flatMap(unsaidOfSource),
    ...to.flatMap(unsaidOfOperation),
    ...when.map(({ of }) => `when ${of}`),
  ]),
];

const SOURCE_FIELDS = [
  "notPrincipals",
  "notNamespaces",
  "addresses",
  "notAddresses",
  "clientAddresses",
  "notClientAddresses",
] as const;
const OPERATION_FIELDS = ["notMethods", "notPaths", "notPorts", "notHosts"] as const;

function unsaidOfSource(source: AuthorizationSource): (keyof AuthorizationSource)[] {
  const isPattern = source.namespaces?.some((name) => !LABEL.test(name));
  return [...SOURCE_FIELDS.filter((field) => source[field]), ...(isPattern ? (["namespaces"] as const) : [])];
}

function unsaidOfOperation(operation: AuthorizationOperation): (keyof AuthorizationOperation)[] {
  const { methods, paths, hosts, headers } = operation;
  return [
    ...OPERATION_FIELDS.filter((field) => operation[field]),
    ...(methods?.some((method) => /[*[\]]/.test(method)) ? (["methods"] as const) : []),
    ...(paths?.some((path) => path.includes("{*")) ? (["paths"] as const) : []),
    ...(hosts?.some((host) => !HOST.test(host)) ? (["hosts"] as const) : []),
    ...(headers?.some(({ name }) => name.startsWith(":")) ? (["headers"] as const) : []),
  ];
}

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const HOST = /^(\*|(\*\.)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)(:\d{1,5})?$/;

/** Of a denial: without what cannot be said. A source or an operation without a field is all of them. */
function wider({ from, to }: AuthorizationRule): AuthorizationRule {
  const sources = from?.map((source) => without(source, unsaidOfSource(source)));
  const operations = to?.map((operation) => without(operation, unsaidOfOperation(operation)));
  return {
    ...(sources && !sources.some(isEmpty) ? { from: sources } : {}),
    ...(operations && !operations.some(isEmpty) ? { to: operations } : {}),
  };
}

/** Of a grant: only the sources and operations that can be said. */
function narrower({ from, to, when }: AuthorizationRule): AuthorizationRule[] {
  const sources = from?.filter((source) => unsaidOfSource(source).length === 0);
  const operations = to?.filter((operation) => unsaidOfOperation(operation).length === 0);
  if (when || sources?.length === 0 || operations?.length === 0) return [];
  return [{ ...(sources ? { from: sources } : {}), ...(operations ? { to: operations } : {}) }];
}

const isEmpty = (value: object) => Object.keys(value).length === 0;

function without<T extends object>(value: T, fields: readonly (keyof T)[]): T {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !fields.some((field) => field === name))) as T;
}
