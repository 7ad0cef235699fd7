// What the form of a gateway's listeners means. Job: a new listener, one that speaks another protocol, and which field a violation is about.
// Rule: pure; a choice makes a listener that the model takes: what only another protocol has goes, and what this one needs comes.
import {
  type ClientCertificates,
  type Gateway,
  isHttpsListener,
  isPlainListener,
  type Listener,
  plainHost,
  redirectTarget,
  type Violation,
} from "@/lib/mesh";

type Protocol = Listener["protocol"];

/** In the order in which they are offered. */
export const PROTOCOLS: readonly { value: Protocol; label: string }[] = [
  { value: "http", label: "http: without TLS" },
  { value: "https", label: "https: TLS ends here" },
  { value: "tls", label: "tls: passed on by name" },
  { value: "tcp", label: "tcp: bytes as they come" },
  { value: "http2", label: "http2: without TLS" },
  { value: "grpc", label: "grpc: without TLS" },
];

const USUAL_PORTS: Record<Protocol, number> = { http: 80, https: 443, tls: 8443, tcp: 9000, http2: 8080, grpc: 9090 };
const HIGHEST_PORT = 65_535;

/** One with a name, a port and, for https, a certificate of its own; for any host until somebody says for which. */
export function newListener({ spec: { listeners } }: Gateway, protocol: Protocol): Listener {
  const names = new Set(listeners.map(({ name }) => name));
  const ports = new Set(listeners.map(({ port }) => port));
  let [name, port] = [protocol as string, USUAL_PORTS[protocol]];
  for (let i = 2; names.has(name); i++) name = `${protocol}-${i}`;
  while (ports.has(port) && port < HIGHEST_PORT) port += 1;
  return withProtocol({ name, port, protocol: "tcp", hosts: ["*"] }, protocol);
}

export function withProtocol({ tls, httpsRedirect, ...listener }: Listener, protocol: Protocol): Listener {
  const next = { ...listener, protocol };
  if (isHttpsListener(next)) return { ...next, tls: tls ?? { certificate: certificateFor(next) } };
  return isPlainListener(next) && httpsRedirect ? { ...next, httpsRedirect } : next;
}

/** Named after the first host, as most do. */
function certificateFor({ name, hosts: [first = "*"] }: Listener): string {
  const host = plainHost(first).replace(/^\*\.?/, "");
  return /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(host) ? host : name;
}

export const CLIENT_MODES = ["required", "optional"] as const satisfies readonly ClientCertificates["mode"][];

/** Undefined: clients are not asked. Names and pins need a certificate that is required. */
export function withMode(
  clients: ClientCertificates | undefined,
  choice: string | undefined,
): ClientCertificates | undefined {
  const mode = CLIENT_MODES.find((each) => each === choice);
  if (!mode) return undefined;
  const { checkRevocation } = clients ?? {};
  return mode === "required" ? { ...clients, mode } : { mode, ...(checkRevocation ? { checkRevocation } : {}) };
}

/** What a client's certificate may have to have: names, keys, or that it is one of these. */
export type ClientList = "names" | "pinnedKeys" | "pinnedCertificates";

/** @param texts none: any certificate will do */
export function withList(clients: ClientCertificates, list: ClientList, texts: readonly string[]): ClientCertificates {
  const { [list]: _, ...rest } = clients;
  return texts.length > 0 ? { ...rest, mode: "required", [list]: [...texts] } : rest;
}

/** Where plain HTTP of a listener is sent on to. */
export function redirectText({ spec: { listeners } }: Gateway, { hosts }: Listener): string {
  const targets = hosts.map((host) => redirectTarget(listeners, host));
  const ports = [...new Set(targets.flatMap((target) => target?.port ?? []))];
  const nobody = hosts.filter((_, i) => targets[i] === undefined);
  if (ports.length === 0) return "Answered 301. No listener of protocol https serves these hosts yet.";
  const rest = nobody.length > 0 ? ` Nobody serves ${nobody.join(", ")} in TLS yet.` : "";
  return `Answered 301, to port ${ports.join(" or ")}.${rest}`;
}

/** What stands in the row that opens a listener. */
export const listenerInWords = ({ protocol, port, hosts }: Listener): string =>
  `${protocol} at ${port} for ${hosts.map((host) => (host === "*" ? "any host" : host)).join(", ")}`;

const FIELDS = {
  name: "name",
  port: "port",
  protocol: "protocol",
  hosts: "hosts",
  "tls.clients.mode": "clients",
  "tls.clients.names": "names",
  "tls.clients.pinnedKeys": "pinnedKeys",
  "tls.clients.pinnedCertificates": "pinnedCertificates",
  "tls.clients.checkRevocation": "checkRevocation",
  "tls.clients": "clients",
  tls: "certificate",
  httpsRedirect: "httpsRedirect",
  proxyProtocol: "proxyProtocol",
  connectionLimit: "connectionLimit",
} as const satisfies Record<string, string>;
export type ListenerField = (typeof FIELDS)[keyof typeof FIELDS];
export type ListenerProblems = Partial<Record<ListenerField, string>>;

/** What the model has against listener `at`, by field; several of one field in one text. */
export function listenerProblems(violations: readonly Violation[], at: number): ListenerProblems {
  const own = `spec.listeners[${at}].`;
  const problems: ListenerProblems = {};
  for (const violation of violations) {
    const path = violation.path.split("#")[1] ?? "";
    if (!path.startsWith(own)) continue;
    const place = path.slice(own.length);
    const field = Object.keys(FIELDS).find(
      (each) => place === each || (/^[.[]/.test(place.slice(each.length)) && place.startsWith(each)),
    );
    const known = FIELDS[(field ?? "name") as keyof typeof FIELDS];
    problems[known] = [problems[known], inWords([violation])].filter((part) => part !== undefined).join(" ");
  }
  return problems;
}

/** The reasons of a refusal, with what to do. */
export const inWords = (violations: readonly Violation[]): string =>
  violations.map(({ message, fix }) => `${message.charAt(0).toUpperCase()}${message.slice(1)}. ${fix}`).join(" ");
