// toPorts of a rule as written: ports, and what is asked of the requests on them.
import { type Fields, isRecord } from "../shared/fields";
import type { HttpEntry, PortEntry } from "./state";

const PROTOCOLS = new Set(["TCP", "UDP", "SCTP", "VRRP", "IGMP", "ANY"]);
/** Terminating TLS, and listeners of other resources. */
const ODD_FIELDS = ["terminatingTLS", "originatingTLS", "listener", "serverNames"];

/** Undefined: every port. */
export function readPorts(rule: Fields): PortEntry[] | undefined {
  if (!rule.has("toPorts")) return undefined;
  return rule.list("toPorts").map((entry) => {
    const raw = entry.everything();
    const ports = entry.list("ports").flatMap((each) => {
      const port = each.take("port");
      const protocol = (each.text("protocol") ?? "ANY").toUpperCase();
      const endPort = each.number("endPort");
      if (typeof port !== "string" && typeof port !== "number") {
        each.problem("port", port === undefined ? "is missing" : "must be a text", 'Write the pod\'s port, as "8080".');
        return [];
      }
      if (!PROTOCOLS.has(protocol)) {
        each.problem("protocol", `${protocol} is not known`, `Write one of ${[...PROTOCOLS].join(", ")}.`);
      }
      return [{ port: String(port), protocol, endPort }];
    });
    const strange = ODD_FIELDS.find((field) => entry.has(field));
    const rules = entry.object("rules");
    const http = rules?.has("http") ? rules.list("http").map(readHttp) : undefined;
    const dns = rules?.has("dns") ? rules.list("dns").map(nameOf) : undefined;
    const other = rules?.names()[0];
    const odd =
      strange !== undefined
        ? `${strange} has no place here`
        : other !== undefined
          ? `rules of ${other} have no place here`
          : undefined;
    return {
      path: entry.path,
      raw,
      ports,
      ...(http ? { http } : {}),
      ...(dns ? { dns } : {}),
      ...(odd === undefined ? {} : { odd }),
    };
  });
}

const nameOf = (entry: Fields) => entry.text("matchName") ?? entry.text("matchPattern") ?? "";

function readHttp(entry: Fields): HttpEntry {
  const method = entry.text("method");
  const pathRegex = entry.text("path");
  const host = entry.text("host");
  const headers = entry.texts("headers") ?? [];
  const matches = entry.take("headerMatches");
  const found = (Array.isArray(matches) ? matches : []).map((each: unknown) => {
    const { name, value, ...rest } = isRecord(each) ? each : {};
    const isPlain = typeof name === "string" && Object.keys(rest).length === 0;
    return isPlain ? `${name}${typeof value === "string" ? `: ${value}` : ""}` : null;
  });
  const all = [...headers, ...found.filter((each) => each !== null)];
  const odd =
    matches !== undefined && (!Array.isArray(matches) || found.includes(null))
      ? "headers with a secret, or that are rewritten, have no place here"
      : undefined;
  return { path: entry.path, method, pathRegex, host, headers: all, ...(odd === undefined ? {} : { odd }) };
}
