// PROXY protocol headers, good, odd and hostile: what stands in front of a request, and whom the proxy then takes for its caller.
// Rule: the outcome is what Envoy 1.40 does; conformance (cases/proxy-protocol.ts) holds both against each row.

export interface HostileHeader {
  readonly name: string;
  /** latin1; a list is sent piece by piece. */
  readonly bytes: string | readonly string[];
  /** The caller's address; "direct": the header says nothing; null: the connection ends without an answer. */
  readonly caller: string | "direct" | null;
  /** Envoy takes it. */
  readonly isStricter?: true;
}

export const V2_START = "\r\n\r\n\0\r\nQUIT\n";
const byte = (value: number): string => String.fromCharCode(value);
const size = (value: number): string => byte(value >> 8) + byte(value & 255);

/** @param command version and command in one byte @param family family and transport in one byte */
export const v2 = (command: number, family: number, body: string, length = body.length): string =>
  V2_START + byte(command) + byte(family) + size(length) + body;

const V4 = `\n\x01\x02\x03\n\x01\x02\x04${size(1234)}${size(80)}`;
const V6_FROM = `\x20\x01\x0d\xb8${"\0".repeat(11)}\x07`;
const V6 = `${V6_FROM}\x20\x01\x0d\xb8${"\0".repeat(11)}\x08${size(1234)}${size(80)}`;
const TLV = `\x04${size(3)}abc`;
const v1 = (rest: string): string => `PROXY ${rest}\r\n`;
const good = v1("TCP4 10.1.2.3 10.1.2.4 1234 80");

const is = (caller: HostileHeader["caller"], rows: Readonly<Record<string, string | readonly string[]>>) =>
  Object.entries(rows).map(([name, bytes]): HostileHeader => ({ name, bytes, caller }));

export const hostileHeaders: readonly HostileHeader[] = [
  ...is("10.1.2.3", {
    "version 1 over IPv4": good,
    "version 1 in pieces": [...good],
    "version 1, port 0": v1("TCP4 10.1.2.3 10.1.2.4 0 0"),
    "version 2 over IPv4": v2(0x21, 0x11, V4),
    "version 2 in pieces": [...v2(0x21, 0x11, V4)],
    "version 2 of datagrams": v2(0x21, 0x12, V4),
    "version 2 with a TLV": v2(0x21, 0x11, V4 + TLV),
    "version 2 with 60 KB of TLV": v2(0x21, 0x11, `${V4}\xea${size(60_000)}${"x".repeat(60_000)}`),
  }),
  ...is("2001:db8::7", {
    "version 1 over IPv6": v1("TCP6 2001:db8::7 2001:db8::8 1234 80"),
    "version 1, IPv6 not canonical": v1("TCP6 2001:0DB8:0:0:0:0:0:7 2001:db8::8 1234 80"),
    "version 2 over IPv6": v2(0x21, 0x21, V6),
  }),
  ...is("direct", {
    UNKNOWN: v1("UNKNOWN"),
    "UNKNOWN with addresses": v1("UNKNOWN 10.1.2.3 10.1.2.4 1234 80"),
    "UNKNOWN with anything": v1("UNKNOWN x y"),
    "version 2 LOCAL": v2(0x20, 0x00, ""),
    "version 2 LOCAL with addresses": v2(0x20, 0x11, V4),
    "version 2 LOCAL of an unknown family": v2(0x20, 0x41, V4),
  }),
  ...is(null, {
    "no header": "",
    "a header of another protocol": "HELO a\r\n",
    "version 1 in lower case": "proxy TCP4 10.1.2.3 10.1.2.4 1234 80\r\n",
    "version 1 of no family": v1(""),
    "version 1 of another family": v1("UDP4 10.1.2.3 10.1.2.4 1234 80"),
    "version 1 with two spaces": v1("TCP4  10.1.2.3 10.1.2.4 1234 80"),
    "version 1 with a tab": v1("TCP4\t10.1.2.3 10.1.2.4 1234 80"),
    "version 1 with a field more": v1("TCP4 10.1.2.3 10.1.2.4 1234 80 1"),
    "version 1 with a field less": v1("TCP4 10.1.2.3 10.1.2.4 1234"),
    "version 1, IPv6 as TCP4": v1("TCP4 2001:db8::7 2001:db8::8 1234 80"),
    "version 1, IPv4 as TCP6": v1("TCP6 10.1.2.3 10.1.2.4 1234 80"),
    "version 1, a name": v1("TCP4 localhost 10.1.2.4 1234 80"),
    "version 1, an address of three parts": v1("TCP4 10.1.3 10.1.2.4 1234 80"),
    "version 1, an address with a sign": v1("TCP4 10.1.+2.3 10.1.2.4 1234 80"),
    "version 1, port 65536": v1("TCP4 10.1.2.3 10.1.2.4 65536 80"),
    "version 1, a negative port": v1("TCP4 10.1.2.3 10.1.2.4 -1 80"),
    "version 1, no port": v1("TCP4 10.1.2.3 10.1.2.4 x 80"),
    "version 1 from nowhere": v1("TCP4 0.0.0.0 10.1.2.4 1234 80"),
    "version 1 from everywhere": v1("TCP4 255.255.255.255 10.1.2.4 1234 80"),
    "version 1 from a group": v1("TCP4 230.0.0.1 10.1.2.4 1234 80"),
    "version 1 to a group": v1("TCP6 2001:db8::7 ff02::1 1234 80"),
    "version 1 that never ends": `PROXY UNKNOWN ${"x".repeat(200)}\r\n`,
    "version 1 with bare LF": "PROXY TCP4 10.1.2.3 10.1.2.4 1234 80\n",
    "version 2 of version 3": v2(0x31, 0x11, V4),
    "version 2 of version 0": v2(0x01, 0x11, V4),
    "version 2 with another command": v2(0x22, 0x11, V4),
    "version 2 of no family": v2(0x21, 0x00, V4),
    "version 2 of an unknown family": v2(0x21, 0x41, V4),
    "version 2 of an unknown transport": v2(0x21, 0x13, V4),
    "version 2 over a unix socket": v2(0x21, 0x31, "a".padEnd(216, "\0")),
    "version 2, too short for its addresses": v2(0x21, 0x11, V4.slice(0, 8)),
    "version 2, IPv6 in the bytes of IPv4": v2(0x21, 0x21, V4),
    "version 2 with bytes that are no TLV": v2(0x21, 0x11, `${V4}\x04\xff`),
    "version 2 with a TLV cut short": v2(0x21, 0x11, `${V4}\x04${size(9)}abc`),
    "version 2 from nowhere": v2(0x21, 0x11, `\0\0\0\0${V4.slice(4)}`),
    "version 2 from a group": v2(0x21, 0x11, `\xe6\0\0\x01${V4.slice(4)}`),
  }),
  ...is(null, {
    "version 1, a zone": v1("TCP6 fe80::1%lo 2001:db8::8 1234 80"),
    "version 1, a port with a sign": v1("TCP4 10.1.2.3 10.1.2.4 +1234 80"),
  }).map((row): HostileHeader => ({ ...row, isStricter: true })),
];
