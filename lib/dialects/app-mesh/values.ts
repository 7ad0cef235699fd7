// Values of App Mesh's shapes, of which nothing is trusted: durations, listeners, lists.
import { type Protocol, valueAt } from "@/lib/mesh";
import { isRecord } from "../shared/fields";
import type { Listener } from "./state";

export const records = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];
export const textAt = (value: unknown, path: (string | number)[]): string | undefined => {
  const found = valueAt(value, path);
  return typeof found === "string" ? found : undefined;
};
export const numberAt = (value: unknown, path: (string | number)[]): number | undefined => {
  const found = valueAt(value, path);
  return typeof found === "number" ? found : undefined;
};

/** {unit, value} in milliseconds. */
export function durationAt(value: unknown, path: (string | number)[]): number | undefined {
  const amount = numberAt(value, [...path, "value"]);
  if (amount === undefined) return undefined;
  return textAt(value, [...path, "unit"]) === "s" ? amount * 1000 : amount;
}

const PROTOCOLS: Record<string, Protocol> = { http: "http", http2: "http2", grpc: "grpc", tcp: "tcp" };

export function listenersOf(spec: unknown): Listener[] {
  return records(valueAt(spec, ["listeners"])).flatMap((each) => {
    const port = numberAt(each, ["portMapping", "port"]);
    const protocol = PROTOCOLS[textAt(each, ["portMapping", "protocol"]) ?? ""];
    return port === undefined || !protocol ? [] : [{ port, protocol }];
  });
}
