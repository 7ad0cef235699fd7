// Small conversions of Envoy values. One rule: defaults are Envoy's and are written where they are used.

import type { JsonObject } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import type { FractionalPercent } from "../contract/gen/envoy/type/v3/percent_pb";
import type { Address, Locality, Metadata } from "../contract/messages";
import type { Scope } from "./scope";
import type { Share, SocketAddress } from "./types";

export function milliseconds(duration: Duration): number {
  return Number(duration.seconds) * 1000 + Math.round(duration.nanos / 1e6);
}

/** Unset: the default. Zero: off. */
export function timeout(duration: Duration | undefined, defaultMs: number | null): number | null {
  if (!duration) {
    return defaultMs;
  }
  const value = milliseconds(duration);
  return value === 0 && duration.nanos === 0 ? null : Math.max(value, 1);
}

const DENOMINATORS = [100, 10_000, 1_000_000];

/** Absent: none, as in Envoy. */
export function share(percent: FractionalPercent | undefined): Share {
  return { numerator: percent?.numerator ?? 0, denominator: DENOMINATORS[percent?.denominator ?? 0] ?? 100 };
}

export function stringsOf(json: JsonObject | undefined): Readonly<Record<string, string>> {
  const entries = Object.entries(json ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return Object.fromEntries(entries);
}

/** The strings under filter_metadata["meshwright"]. */
export function meshwrightMetadata(metadata: Metadata | undefined): Readonly<Record<string, string>> {
  return stringsOf(metadata?.filterMetadata["meshwright"]);
}

/** In the order of Envoy's localities when they are sorted as text. */
export function localityWord(locality: Locality | undefined): string {
  return [locality?.region ?? "", locality?.zone ?? "", locality?.subZone ?? ""].join("\0");
}

export function socketAddress(address: Address | undefined, scope: Scope): SocketAddress {
  const socket = address?.address;
  if (socket?.case !== "socketAddress") {
    scope.fail("needs a socket_address with an address and a port_value");
    return { address: "", port: 0 };
  }
  if (socket.value.portSpecifier.case !== "portValue") {
    scope.field("socket_address").fail("needs a port_value");
    return { address: socket.value.address, port: 0 };
  }
  return { address: socket.value.address, port: socket.value.portSpecifier.value };
}
