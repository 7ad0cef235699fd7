// Reads the PROXY protocol header, version 1 or 2, in front of a connection: who called the balancer before us, and whom.
// Rule: the header is eaten whole or the connection ends; nothing behind it is read. What Envoy's filter takes is taken, nothing else.

import { isIPv4, isIPv6, type Socket } from "node:net";
import { passedOn } from "../cluster/proxy-header";
import type { ProxyProtocolPlan } from "../plan/types";
import type { CountsOf } from "../telemetry/named-counts";

/** Addresses in canonical text, without `::ffff:`. */
export interface ToldAddresses {
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
  /** Those of the plan, of a header of version 2; absent: none. */
  readonly tlvs?: Buffer;
}

type Version = "v1" | "v2";

export type ProxyHeader =
  /** `told` null: LOCAL and UNKNOWN, the connection speaks for itself. `length`: bytes with everything behind the addresses. */
  | { readonly kind: "found"; readonly version: Version; readonly length: number; readonly told: ToldAddresses | null }
  /** There are not `needs` bytes yet. */
  | { readonly kind: "incomplete"; readonly needs: number }
  | { readonly kind: "absent" | "missing" }
  | { readonly kind: "disallowed" | "malformed"; readonly version: Version };

const V1_START = Buffer.from("PROXY ", "latin1");
const V2_START = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const V2_HEAD_BYTES = 16;
/** As Envoy: the specification's 107 with the end of its line. */
const MAX_V1_BYTES = 108;
const waitFor = (needs: number): ProxyHeader => ({ kind: "incomplete", needs });

const startsAs = (bytes: Buffer, start: Buffer): boolean => {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
};

export function readProxyHeader(bytes: Buffer, plan: ProxyProtocolPlan): ProxyHeader {
  const isV2 = startsAs(bytes, V2_START);
  if (plan.allowsWithout) {
    const mayBe = (isV2 && plan.allowsV2) || (startsAs(bytes, V1_START) && plan.allowsV1);
    if (!mayBe) return { kind: "absent" };
  }
  if (isV2 && bytes.length >= V2_HEAD_BYTES) return readV2(bytes, plan);
  if (isV2) return waitFor(bytes.length + 1);
  return startsAs(bytes, V1_START) ? readV1(bytes, plan) : { kind: "missing" };
}

function readV1(bytes: Buffer, { allowsV1 }: ProxyProtocolPlan): ProxyHeader {
  const end = bytes.subarray(0, MAX_V1_BYTES).indexOf("\r\n");
  const length = end < 0 ? bytes.length : end + 2;
  if (length >= MAX_V1_BYTES) return { kind: "malformed", version: "v1" };
  if (end < 0) return waitFor(length + 1);
  if (!allowsV1) return { kind: "disallowed", version: "v1" };
  const words = bytes.toString("latin1", 0, end).trimEnd().split(" ");
  const malformed = { kind: "malformed", version: "v1" } as const;
  const [, family = "", from = "", to = "", fromPort = "", toPort = ""] = words;
  if (family === "UNKNOWN") return { kind: "found", version: "v1", length, told: null };
  const isAddress = family === "TCP4" ? isIPv4 : family === "TCP6" ? isPlainIPv6 : null;
  if (isAddress === null || words.length !== 6 || !isAddress(from) || !isAddress(to)) return malformed;
  const sourcePort = portOf(fromPort);
  const destinationPort = portOf(toPort);
  if (sourcePort === null || destinationPort === null) return malformed;
  const told = unicastOnly({ sourceAddress: from, sourcePort, destinationAddress: to, destinationPort });
  return told === null ? malformed : { kind: "found", version: "v1", length, told };
}

const isPlainIPv6 = (text: string): boolean => isIPv6(text) && !text.includes("%");

function portOf(text: string): number | null {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return value <= 65_535 ? value : null;
}

const LOCAL = 0;
const ON_BEHALF = 1;
const FAMILY_BYTES: Readonly<Record<number, number>> = { 1: 4, 2: 16 };
const STREAM = 1;
const DATAGRAM = 2;

function readV2(bytes: Buffer, { allowsV2, tlvs }: ProxyProtocolPlan): ProxyHeader {
  const malformed = { kind: "malformed", version: "v2" } as const;
  const command = bytes.readUInt8(12);
  if (command >> 4 !== 2) return malformed;
  if (!allowsV2) return { kind: "disallowed", version: "v2" };
  const family = bytes.readUInt8(13);
  const size = bytes.readUInt16BE(14);
  const length = V2_HEAD_BYTES + size;
  const isLocal = (command & 15) === LOCAL;
  const width = FAMILY_BYTES[family >> 4];
  if (!isLocal) {
    const isKnown = (command & 15) === ON_BEHALF && [STREAM, DATAGRAM].includes(family & 15);
    if (!isKnown || width === undefined || size < 2 * width + 4) return malformed;
  }
  // At most 64 KiB, which the time for the first bytes bounds as well.
  if (bytes.length < length) return waitFor(length);
  if (isLocal || width === undefined) return { kind: "found", version: "v2", length, told: null };
  const at = V2_HEAD_BYTES;
  const behind = bytes.subarray(V2_HEAD_BYTES + 2 * width + 4, length);
  if (!isTlvs(behind)) return malformed;
  // A copy: the rest of the first bytes is not kept with them.
  const kept = tlvs === null || behind.length === 0 ? {} : { tlvs: Buffer.from(passedOn(behind, tlvs)) };
  const told = unicastOnly({
    sourceAddress: addressIn(bytes.subarray(at, at + width)),
    sourcePort: bytes.readUInt16BE(at + 2 * width),
    destinationAddress: addressIn(bytes.subarray(at + width, at + 2 * width)),
    destinationPort: bytes.readUInt16BE(at + 2 * width + 2),
    ...kept,
  });
  return told === null ? malformed : { kind: "found", version: "v2", length, told };
}

/** Type, length in two bytes, value: one after the other, to the end. */
function isTlvs(bytes: Buffer): boolean {
  let at = 0;
  while (at + 3 <= bytes.length) at += 3 + bytes.readUInt16BE(at + 1);
  return at === bytes.length;
}

function addressIn(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return groups.join(":");
}

/** In canonical text; null: no single host can have one of them. */
function unicastOnly(told: ToldAddresses): ToldAddresses | null {
  const sourceAddress = canonical(told.sourceAddress);
  const destinationAddress = canonical(told.destinationAddress);
  if (!isUnicast(sourceAddress) || !isUnicast(destinationAddress)) return null;
  return { ...told, sourceAddress, destinationAddress };
}

function canonical(address: string): string {
  if (!address.includes(":")) return address;
  // The URL parser writes IPv6 as RFC 5952 asks, for every form that isIPv6 takes.
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

function isUnicast(address: string): boolean {
  if (address.includes(":")) return address !== "::" && !address.startsWith("ff");
  const first = Number(address.slice(0, address.indexOf(".")));
  return address !== "0.0.0.0" && address !== "255.255.255.255" && (first < 224 || first > 239);
}

/**
 * Calls `onKnown` once with the socket paused and behind its header; whoever tells none, or a bad one, is dropped and counted.
 * @param limitMs for the header to arrive
 */
export function eatProxyHeader(
  socket: Socket,
  plan: ProxyProtocolPlan,
  counts: { readonly proxyProtocol: CountsOf<"proxyProtocol">; readonly listener: CountsOf<"listener"> },
  limitMs: number,
  onKnown: (told: ToldAddresses | null) => void,
): void {
  const chunks: Buffer[] = [];
  let held = 0;
  let needs = 1;
  const timer = setTimeout(() => {
    counts.listener.downstream_pre_cx_timeout++;
    socket.destroy();
  }, limitMs);
  const stop = (): void => {
    clearTimeout(timer);
    socket.off("data", onData);
    socket.off("close", stop);
    socket.off("end", drop);
  };
  const drop = (): void => {
    stop();
    socket.destroy();
  };
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    held += chunk.length;
    if (held < needs) return;
    const bytes = Buffer.concat(chunks);
    const header = readProxyHeader(bytes, plan);
    if (header.kind === "incomplete") {
      needs = header.needs;
      return;
    }
    count(counts.proxyProtocol, header);
    if (header.kind !== "found" && header.kind !== "absent") {
      drop();
      return;
    }
    stop();
    socket.pause();
    const rest = header.kind === "found" ? bytes.subarray(header.length) : bytes;
    if (rest.length > 0) socket.unshift(rest);
    onKnown(header.kind === "found" ? header.told : null);
  };
  socket.on("data", onData);
  socket.on("close", stop);
  socket.on("end", drop);
}

function count(counts: CountsOf<"proxyProtocol">, header: ProxyHeader): void {
  if (header.kind === "absent") counts.not_found_allowed++;
  else if (header.kind === "missing") counts.not_found_disallowed++;
  else if (header.kind === "found") counts[`versions.${header.version}.found`]++;
  else if (header.kind === "disallowed") {
    // As Envoy: it was found all the same.
    counts[`versions.${header.version}.found`]++;
    counts[`versions.${header.version}.disallowed`]++;
  } else if (header.kind === "malformed") counts[`versions.${header.version}.error`]++;
}
