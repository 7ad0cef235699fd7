// What the proxy changes on request and response headers before anything looks at them.
// Rule: a peer cannot tell us who it is or steer us by a header: x-envoy-*, XFCC and forwarded headers are cleaned first.

import { isIP } from "node:net";
import type { HeaderOp, HttpConnectionPlan, XfccPlan } from "../plan/types";
import { type HeaderList, NAME } from "./h1/header-list";
import { requestId } from "./request-id";

/** Names that a verified sidecar may pass on about the request it forwards. */
const fromPeerSidecar = new Set([
  "x-envoy-attempt-count",
  "x-envoy-original-path",
  "x-envoy-original-host",
  "x-envoy-original-url",
]);

export interface HeaderContext {
  readonly isTls: boolean;
  readonly isMutualTls: boolean;
  readonly remoteAddress: string;
  readonly xfccElement: string;
}

/** Hop-by-hop fields, including everything the peer listed in Connection (RFC 9110 7.6.1). */
export function stripHopByHop(headers: HeaderList): void {
  if ((headers.seen & NAME.hop) === 0) return;
  if ((headers.seen & NAME.connection) !== 0) {
    for (const value of headers.getAll("connection")) {
      if (value === "keep-alive" || value === "close") continue;
      for (const option of value.split(",")) {
        const name = option.trim().toLowerCase();
        // Named there by rule (RFC 9110 10.1.4); what may stay of it is decided below.
        if (name !== "te") headers.remove(name);
      }
    }
  }
  headers.removeFlagged(NAME.hop);
}

export function prepareRequest(headers: HeaderList, plan: HttpConnectionPlan, context: HeaderContext): void {
  stripHopByHop(headers);
  const seen = headers.seen;
  // As Envoy: gRPC asks for it at every hop. Codings are not carried, so nothing else of it means anything.
  if ((seen & NAME.te) !== 0 && headers.getAll("te").join() !== "trailers") headers.removeFlagged(NAME.te);
  if ((seen & NAME.envoy) !== 0) stripEnvoyHeaders(headers, plan, context.isMutualTls);
  forwardClientCertificate(headers, plan.xfcc, context);
  if (plan.useRemoteAddress && !plan.skipXffAppend) appendTo(headers, "x-forwarded-for", context.remoteAddress);
  if ((seen & NAME.forwarded) === 0 || plan.useRemoteAddress || !headers.has("x-forwarded-proto")) {
    headers.set("x-forwarded-proto", context.isTls ? "https" : "http");
  }
  if (plan.via !== null) appendTo(headers, "via", plan.via, ", ");
  if (!plan.generateRequestId) return;
  if ((seen & NAME.requestId) === 0) headers.push("x-request-id", requestId());
  else if (plan.useRemoteAddress && !plan.preserveExternalRequestId) headers.set("x-request-id", requestId());
}

/** Whom a request is from, as Envoy says it: the last address that the hop before wrote down, unless the peer itself counts. */
export function remoteAddressOf(headers: HeaderList, plan: HttpConnectionPlan, direct: string): string {
  if (plan.useRemoteAddress || (headers.seen & NAME.forwarded) === 0) return direct;
  const all = headers.getAll("x-forwarded-for");
  if (all.length === 0) return direct;
  const last = all.join(",").split(",").at(-1)?.trim() ?? "";
  return isIP(last) === 0 ? direct : last;
}

function stripEnvoyHeaders(headers: HeaderList, { filters }: HttpConnectionPlan, isFromSidecar: boolean): void {
  const hasFaults = filters.some(({ kind }) => kind === "fault");
  for (let i = headers.length - 1; i >= 0; i--) {
    const name = headers.nameAt(i);
    if (!name.startsWith("x-envoy-") || (isFromSidecar && fromPeerSidecar.has(name))) continue;
    // callers may ask for faults where a filter makes them; whether it listens says its configuration
    if (!(hasFaults && name.startsWith("x-envoy-fault-"))) headers.remove(name);
  }
}

export function appendTo(headers: HeaderList, name: string, value: string, separator = ","): void {
  const before = headers.getAll(name).join(separator);
  headers.set(name, before === "" ? value : `${before}${separator}${value}`);
}

function forwardClientCertificate(headers: HeaderList, xfcc: XfccPlan, context: HeaderContext): void {
  switch (xfcc.mode) {
    case "sanitize":
      headers.removeFlagged(NAME.xfcc);
      return;
    case "sanitize-set":
      headers.removeFlagged(NAME.xfcc);
      if (context.xfccElement !== "") headers.push("x-forwarded-client-cert", context.xfccElement);
      return;
    case "append-forward":
      if (context.xfccElement === "") headers.removeFlagged(NAME.xfcc);
      else appendTo(headers, "x-forwarded-client-cert", context.xfccElement);
      return;
    case "forward-only":
      if (!context.isMutualTls) headers.removeFlagged(NAME.xfcc);
      return;
    case "always-forward-only":
  }
}

/** Framing belongs to the codec: configuration cannot set it. */
const framing = new Set(["content-length", "transfer-encoding", "connection"]);

export function applyOps(headers: HeaderList, ops: readonly HeaderOp[]): void {
  for (const op of ops) {
    if (framing.has(op.name)) continue;
    switch (op.op) {
      case "remove":
        headers.remove(op.name);
        break;
      case "append":
        headers.push(op.name, op.value);
        break;
      case "add-if-absent":
        if (!headers.has(op.name)) headers.push(op.name, op.value);
        break;
      case "set-if-present":
        if (headers.has(op.name)) headers.set(op.name, op.value);
        break;
      case "set":
        headers.set(op.name, op.value);
    }
  }
}
