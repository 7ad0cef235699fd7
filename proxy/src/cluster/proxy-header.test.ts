// Bytes of PROXY headers: the tables of proxy-protocol.txt, sections 2.1 and 2.2.

import { describe, expect, it } from "vitest";
import { type ProxiedConnection, passedOn, proxiedKey, proxyHeader } from "./proxy-header";

const connection = (sourceAddress: string, destinationAddress: string): ProxiedConnection => ({
  sourceAddress,
  sourcePort: 1234,
  destinationAddress,
  destinationPort: 443,
});
const V4 = connection("10.1.2.3", "10.1.2.4");
const own = (): ProxiedConnection => connection("127.0.0.1", "127.0.0.2");
const text = (from: ProxiedConnection | null): string => proxyHeader("v1", from, own).toString("latin1");
const hex = (from: ProxiedConnection | null): string => proxyHeader("v2", from, own).toString("hex");
const SIGNATURE = "0d0a0d0a000d0a515549540a";

describe("version 1", () => {
  it.each([
    ["IPv4", V4, "PROXY TCP4 10.1.2.3 10.1.2.4 1234 443\r\n"],
    ["IPv6", connection("2001:db8::1", "::1"), "PROXY TCP6 2001:db8::1 ::1 1234 443\r\n"],
    ["both", connection("10.1.2.3", "::1"), "PROXY TCP6 ::ffff:10.1.2.3 ::1 1234 443\r\n"],
    ["what is no address", connection("", "10.1.2.4"), "PROXY UNKNOWN\r\n"],
  ])("tells %s", (_, from, line) => {
    expect(text(from)).toBe(line);
  });

  it("tells its own ends when it asks for itself", () => {
    expect(text(null)).toBe("PROXY TCP4 127.0.0.1 127.0.0.2 1234 443\r\n");
  });
});

describe("version 2", () => {
  it.each([
    ["IPv4", V4, `${SIGNATURE}2111000c0a0102030a01020404d201bb`],
    [
      "IPv6",
      connection("2001:db8::1:2", "::"),
      `${SIGNATURE}2121002420010db800000000000000000001000200000000000000000000000000000000` + "04d201bb",
    ],
    [
      "both",
      connection("fe80:1:2:3:4:5:6:7", "10.1.2.4"),
      `${SIGNATURE}21210024fe80000100020003000400050006000700000000000000000000ffff0a01020404d201bb`,
    ],
  ])("tells %s", (_, from, bytes) => {
    expect(hex(from)).toBe(bytes);
  });

  it("tells nobody's ends when it asks for itself", () => {
    expect(hex(null)).toBe(`${SIGNATURE}20000000`);
  });

  it("repeats what the caller's header said, of the types that are passed on", () => {
    const tlvs = Buffer.from("020003616263" + "ea0000" + "02000164", "hex");
    const behind = (passed: "all" | ReadonlySet<number> | null) =>
      proxyHeader("v2", { ...V4, tlvs }, own, passed)
        .toString("hex")
        .slice(SIGNATURE.length);
    expect(behind(null)).toBe("2111000c0a0102030a01020404d201bb");
    expect(behind("all")).toBe(`211100190a0102030a01020404d201bb${tlvs.toString("hex")}`);
    expect(behind(new Set([2, 7]))).toBe("211100160a0102030a01020404d201bb02000361626302000164");
    expect(proxyHeader("v2", { ...V4, tlvs: null }, own, "all")).toEqual(proxyHeader("v2", V4, own));
    expect(proxyHeader("v1", { ...V4, tlvs }, own, "all")).toEqual(proxyHeader("v1", V4, own));
  });

  it("writes as many as a header can have", () => {
    const tlvs = Buffer.alloc(65_535 - 12, 1);
    tlvs.writeUInt16BE(tlvs.length - 3, 1);
    const header = proxyHeader("v2", { ...V4, tlvs }, own, "all");
    expect(header.readUInt16BE(14)).toBe(65_535);
    expect(header.length).toBe(16 + 65_535);
    expect(passedOn(tlvs, new Set([1]))).toEqual(tlvs);
    expect(passedOn(tlvs, new Set([2]))).toHaveLength(0);
  });
});

it("a connection that was told of with something else is another one", () => {
  const tlvs = (text: string) => ({ ...V4, tlvs: Buffer.from(text, "latin1") });
  expect(proxiedKey(tlvs("\x02\0\x01a"))).not.toBe(proxiedKey(tlvs("\x02\0\x01b")));
  expect(proxiedKey({ ...V4, tlvs: null })).toBe(proxiedKey(V4));
});
