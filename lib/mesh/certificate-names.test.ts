import { expect, test } from "vitest";
import { uncoveredHosts } from "./certificate-names";

test("a name covers itself, whatever its case and port", () => {
  expect(uncoveredHosts(["Shop.example.com:443", "www.example.com"], ["shop.EXAMPLE.com"])).toEqual([
    "www.example.com",
  ]);
});

test("a wildcard of a certificate covers one label, not two and not none", () => {
  const hosts = ["a.example.com", "a.b.example.com", "example.com"];
  expect(uncoveredHosts(hosts, ["*.example.com"])).toEqual(["a.b.example.com", "example.com"]);
});

test("a wildcard of a listener is covered by the same wildcard alone, and any name asks for nothing", () => {
  expect(uncoveredHosts(["*.example.com"], ["a.example.com", "*.com"])).toEqual(["*.example.com"]);
  expect(uncoveredHosts(["*.example.com", "*"], ["*.example.com"])).toEqual([]);
});
