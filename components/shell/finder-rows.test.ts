import { expect, test } from "vitest";
import { bestRows } from "./finder-rows";

const row = (label: string, description = "", keywords: string[] = []) => ({
  id: `${label} ${description}`,
  label,
  description,
  keywords,
});
const rows = [
  row("checkout-to-payment", "Dependency in production"),
  row("payment-service", "Service in production"),
  row("Signals", "Latency of payments"),
  row("canary", "An intent", ["weight", "payment"]),
  row("cart", "Service in production"),
];
const names = (query: string, limit = 12) => bestRows(rows, query, limit).map(({ label }) => label);

test("a name that begins with the text comes before one that holds it, and both before a description or a keyword", () => {
  expect(names("Payment ")).toEqual(["payment-service", "checkout-to-payment", "Signals", "canary"]);
});

test("nothing typed shows the first rows, up to the limit", () => {
  expect(names("", 2)).toEqual(["checkout-to-payment", "payment-service"]);
});

test("the limit holds over all of them", () => {
  expect(names("a", 3)).toHaveLength(3);
  expect(names("nothing of this name")).toEqual([]);
});
