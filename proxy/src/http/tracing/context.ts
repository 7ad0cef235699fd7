// W3C trace context: whose request this belongs to, and what the next hop is told. Rule: as Envoy, what cannot be read is passed on as it
// came and belongs to no trace; version and unknown flags are not looked at.

import { randomFillSync } from "node:crypto";
import type { HeaderList } from "../h1/header-list";

export interface ParentContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
  readonly state: string;
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/i;
const ZEROS = /^0+$/;

/** null: the request begins a trace. */
export function parentOf(headers: HeaderList): ParentContext | null | "unreadable" {
  const text = headers.get("traceparent");
  if (text === undefined) return null;
  const [, traceId = "", spanId = "", flags = ""] = TRACEPARENT.exec(text) ?? [];
  if (traceId === "" || ZEROS.test(traceId) || ZEROS.test(spanId)) return "unreadable";
  return {
    traceId: traceId.toLowerCase(),
    spanId: spanId.toLowerCase(),
    isSampled: (Number.parseInt(flags, 16) & 1) === 1,
    state: headers.getAll("tracestate").join(","),
  };
}

/** Both, as Envoy: an empty tracestate too. */
export function writeContext(
  headers: HeaderList,
  traceId: string,
  spanId: string,
  isSampled: boolean,
  state: string,
): void {
  headers.set("traceparent", `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`);
  headers.set("tracestate", state);
}

const pool = Buffer.allocUnsafe(4096);
let used = pool.length;

/** `bytes` of chance in hexadecimal digits, never all zero. */
export function randomId(bytes: 8 | 16): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const id = pool.toString("hex", used, used + bytes);
  used += bytes;
  return ZEROS.test(id) ? randomId(bytes) : id;
}
