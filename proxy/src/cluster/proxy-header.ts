// The PROXY protocol header that goes before everything else to a host behind a balancer's kind of listener (haproxy.org, proxy-protocol.txt).
// Rule: it tells the two ends of the connection that the caller made; who asks for itself says so.

import { isIPv4, isIPv6 } from "node:net";
import type { PassedTlvs } from "../plan/types";

/** The two ends of a caller's connection, in plain text without a zone. */
export interface ProxiedConnection {
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
  /** What its own header said behind the addresses; absent and null: nothing that is kept. */
  readonly tlvs?: Buffer | null;
}

const V2_SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const V2_LOCAL = 0x20;
const V2_PROXY = 0x21;
const V2_TCP4 = 0x11;
const V2_TCP6 = 0x21;
const NO_TLVS = Buffer.alloc(0);

/** Equal for one connection of a caller. */
export const proxiedKey = (from: ProxiedConnection): string =>
  `${from.sourceAddress} ${from.sourcePort} ${from.destinationAddress} ${from.destinationPort}${from.tlvs ? ` ${from.tlvs.toString("latin1")}` : ""}`;

const TLV_HEAD_BYTES = 3;

/** @param tlvs whole ones: type, length in two bytes, value */
export function passedOn(tlvs: Buffer, passed: PassedTlvs): Buffer {
  if (passed === "all") return tlvs;
  const kept: Buffer[] = [];
  for (let at = 0; at < tlvs.length; ) {
    const end = at + TLV_HEAD_BYTES + tlvs.readUInt16BE(at + 1);
    if (passed.has(tlvs.readUInt8(at))) kept.push(tlvs.subarray(at, end));
    at = end;
  }
  return Buffer.concat(kept);
}

/**
 * @param from the caller's connection; null: the proxy asks for itself
 * @param own ends of the connection that the header is for, which version 1 tells in that case
 * @param passed TLVs of the caller's header that version 2 repeats
 */
export function proxyHeader(
  version: "v1" | "v2",
  from: ProxiedConnection | null,
  own: () => ProxiedConnection,
  passed: PassedTlvs | null = null,
): Buffer {
  if (version === "v1") return Buffer.from(lineOf(from ?? own()), "latin1");
  return from === null ? Buffer.concat([V2_SIGNATURE, Buffer.from([V2_LOCAL, 0, 0, 0])]) : binaryOf(from, passed);
}

function lineOf({ sourceAddress, sourcePort, destinationAddress, destinationPort }: ProxiedConnection): string {
  const isV4 = isIPv4(sourceAddress) && isIPv4(destinationAddress);
  const [source, destination] = isV4
    ? [sourceAddress, destinationAddress]
    : [asV6(sourceAddress), asV6(destinationAddress)];
  if (source === null || destination === null) return "PROXY UNKNOWN\r\n";
  return `PROXY ${isV4 ? "TCP4" : "TCP6"} ${source} ${destination} ${sourcePort} ${destinationPort}\r\n`;
}

function binaryOf(
  { sourceAddress, sourcePort, destinationAddress, destinationPort, tlvs }: ProxiedConnection,
  passed: PassedTlvs | null,
): Buffer {
  const isV4 = isIPv4(sourceAddress) && isIPv4(destinationAddress);
  const source = isV4 ? v4Bytes(sourceAddress) : v6Bytes(sourceAddress);
  const destination = isV4 ? v4Bytes(destinationAddress) : v6Bytes(destinationAddress);
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(sourcePort, 0);
  ports.writeUInt16BE(destinationPort, 2);
  const more = tlvs && passed ? passedOn(tlvs, passed) : NO_TLVS;
  const said = Buffer.concat([source, destination, ports, more]);
  const head = Buffer.from([V2_PROXY, isV4 ? V2_TCP4 : V2_TCP6, said.length >> 8, said.length & 0xff]);
  return Buffer.concat([V2_SIGNATURE, head, said]);
}

const asV6 = (address: string): string | null =>
  isIPv4(address) ? `::ffff:${address}` : isIPv6(address) ? address : null;

const v4Bytes = (address: string): Buffer => Buffer.from(address.split(".").map(Number));

function v6Bytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.concat([Buffer.alloc(10), Buffer.from([0xff, 0xff]), v4Bytes(address)]);
  // The URL parser writes every form as groups of hexadecimal digits.
  const groups = isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : "::";
  const [left = "", right] = groups.split("::");
  const numbers = (text: string | undefined): number[] =>
    text === undefined || text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const before = numbers(left);
  const after = numbers(right);
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  const bytes = Buffer.alloc(16);
  for (const [index, group] of all.entries()) bytes.writeUInt16BE(group, index * 2);
  return bytes;
}
