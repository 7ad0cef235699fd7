// A request on its way, as plain data, and how the proxy's semantics see it.
// The rule: what every proxy does to headers before it decides (hop by hop fields, x-envoy-*) is done here the same way.

import { type HttpRequestView, headerViewOf } from "@meshwright/proxy/plan";
import { hostText } from "./host-text";
import { tokenText } from "./token-text";
import type { AuthorizerAnswer, Question } from "./types";

export type Message = {
  method: string;
  path: string;
  authority: string;
  scheme: "http" | "https";
  /** Names in lower case. */
  headers: [string, string][];
  /** Where who asks is, if the question says so. */
  address?: string | undefined;
  /** What those say who are asked about it, if the question says so. */
  authorizers?: Readonly<Record<string, AuthorizerAnswer>> | undefined;
};

/** RFC 9110 7.6.1, and what proxies alone may say. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"]);

export function messageOf({ to, method, path, headers, token, address, authorizers }: Question): Message {
  const pairs = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  if (token) pairs.push(["authorization", `Bearer ${tokenText(token)}`]);
  const host = pairs.find(([name]) => name === "host")?.[1];
  return {
    method,
    // CONNECT asks for a host and a port, and for no path
    path: method === "CONNECT" ? "" : path.startsWith("/") ? path : `/${path}`,
    authority: host ?? hostText(to),
    scheme: "http",
    headers: pairs.filter(([name]) => name !== "host"),
    ...(address === undefined ? {} : { address }),
    ...(authorizers === undefined ? {} : { authorizers }),
  };
}

/** As a proxy's listener takes it in. */
export function received(message: Message, isTls: boolean): Message {
  const scheme = isTls ? "https" : "http";
  const kept = message.headers.filter(
    ([name, value]) =>
      (!HOP_BY_HOP.has(name) || (name === "te" && value === "trailers")) &&
      !name.startsWith("x-envoy-") &&
      name !== "x-forwarded-client-cert",
  );
  const added: [string, string][] = [];
  if (!kept.some(([name]) => name === "x-forwarded-proto")) added.push(["x-forwarded-proto", scheme]);
  if (!kept.some(([name]) => name === "x-request-id")) added.push(["x-request-id", "simulated"]);
  return { ...message, scheme, headers: [...kept, ...added] };
}

export function viewOf({ method, path, authority, scheme, headers }: Message): HttpRequestView {
  return { method, path, authority, scheme, headers: headerViewOf(headers) };
}

export function headerOf({ headers }: Message, name: string): string | undefined {
  const values = headers.filter(([each]) => each === name).map(([, value]) => value);
  return values.length > 0 ? values.join(", ") : undefined;
}
