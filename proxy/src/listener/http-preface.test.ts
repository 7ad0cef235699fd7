import { describe, expect, it } from "vitest";
import { readHttpPreface } from "./http-preface";

const read = (text: string): unknown => readHttpPreface(Buffer.from(text, "latin1"));
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

describe("the first line of plain text", () => {
  it.each([
    ["GET / HTTP/1.1\r\nhost: a", "http/1.1"],
    ["get  /a?b  HTTP/1.1\n", "http/1.1"],
    ["CONNECT a.test:443 HTTP/1.1\r\n", "http/1.1"],
    ["GET http://a.test/ HTTP/1.0\r\n", "http/1.0"],
    ["GET /\r\n", "http/1.0"],
    ["GET / HTTP/1.2\r\n", "http/1.0"],
    [preface, "h2c"],
    [`${preface}more`, "h2c"],
  ])("%j is %s", (text, protocol) => {
    expect(read(text)).toBe(protocol);
  });

  it.each([
    "QUIT\r\n",
    "FOO bar\r\n",
    "MAIL FROM:<a@b>\r\n",
    "GET / x\r\n",
    " GET / HTTP/1.1\r\n",
    "\r\n",
    "\x16\x03\x01\n",
  ])("%j is no HTTP", (text) => {
    expect(read(text)).toBe("");
  });

  it("is waited for, but not for ever", () => {
    for (let length = 0; length < preface.length; length++) expect(read(preface.slice(0, length))).toBeNull();
    expect(read("GET / HTTP/1.1\r")).toBeNull();
    expect(read(`GET /${"a".repeat(70_000)}`)).toBe("");
  });
});
