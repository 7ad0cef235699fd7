// What a policy asks of a call -> conditions of a permission.
// The rule: "not" holds here for a call without the header and not in Envoy's matcher, so it becomes two permissions.
import type { AuthorizationOperation, HeaderCondition } from "@/lib/mesh";
import { escaped } from "./read-intentions";

type Spec = Record<string, unknown>;
const MAX_PERMISSIONS = 64;

/** `any`: every call. A text: why it cannot be said. Empty: no call is meant. */
export function conditionsOf(
  operations: readonly AuthorizationOperation[] | undefined,
  ports: readonly number[],
  action: "allow" | "deny",
): { http: Spec[]; isAny: boolean; unsaid: string[] } {
  const result = { http: [] as Spec[], isAny: operations === undefined, unsaid: [] as string[] };
  for (const operation of operations ?? []) {
    if (!isOfPorts(operation.ports, ports, action)) continue;
    const found = httpOf(operation);
    if (typeof found === "string") result.unsaid.push(found);
    else if (found.some((each) => Object.keys(each).length === 0)) result.isAny = true;
    else result.http.push(...found);
  }
  return result;
}

/** As in the design: a sidecar has one port for all ports of its service. */
function isOfPorts(wanted: readonly number[] | undefined, ports: readonly number[], action: "allow" | "deny"): boolean {
  if (!wanted) return true;
  const found = ports.filter((each) => wanted.includes(each));
  return action === "allow" ? found.length === ports.length && found.length > 0 : found.length > 0;
}

const KNOWN = new Set(["methods", "paths", "ports", "hosts", "headers"]);

function httpOf(operation: AuthorizationOperation): Spec[] | string {
  const { methods, paths, hosts, headers = [] } = operation;
  const strange = Object.keys(operation).filter((field) => !KNOWN.has(field));
  if (strange.length > 0) return `${strange.join(", ")} is no condition of an intention`;
  if (hosts && !hosts.includes("*")) return `hosts (${hosts.join(", ")}) are no condition of an intention`;
  const ways = paths && !paths.includes("*") ? paths.map(pathOf) : [{}];
  const alternatives = headers.reduce<Spec[][]>(
    (lists, condition) => lists.flatMap((list) => headerOf(condition).map((each) => [...list, each])),
    [[]],
  );
  if (ways.length * alternatives.length > MAX_PERMISSIONS) return "it would be too many permissions";
  return ways.flatMap((path) =>
    alternatives.map((header) => ({
      ...path,
      ...(header.length > 0 ? { header } : {}),
      ...(methods ? { methods: [...new Set(methods)] } : {}),
    })),
  );
}

function pathOf(path: string): Spec {
  if (path.startsWith("*")) return { pathRegex: `.*${escaped(path.slice(1))}` };
  return path.endsWith("*") ? { pathPrefix: path.slice(0, -1) } : { pathExact: path };
}

/** Alternatives, each one header matcher. */
function headerOf({ name, type, values = [], invert }: HeaderCondition): Spec[] {
  if (type === "present") return [{ name, present: true, ...(invert ? { invert } : {}) }];
  const [first = "", ...more] = values;
  const matcher: Spec =
    more.length === 0
      ? { name, [type]: first }
      : { name, regex: values.map((value) => regexOf(type, value)).join("|") };
  return invert
    ? [
        { ...matcher, invert },
        { name, present: true, invert },
      ]
    : [matcher];
}

function regexOf(type: Exclude<HeaderCondition["type"], "present">, value: string): string {
  const text = escaped(value);
  return { exact: text, prefix: `${text}.*`, suffix: `.*${text}`, contains: `.*${text}.*`, regex: `(?:${value})` }[
    type
  ];
}
