// Bytes of PROXY headers: the tables of proxy-protocol.txt, sections 2.1 and 2.2.

import { describe, expect, it } from "vitest";
import { type ProxiedConnection, proxyHeader } from "./proxy-header";

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
});
