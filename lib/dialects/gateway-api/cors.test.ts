// CORS in Gateway API's words and back: stars as expressions, and what the filter cannot say.
import { expect, test } from "vitest";
import type { Cors } from "@/lib/mesh";
import { Fields } from "../shared/fields";
import { exportCors, importCors } from "./cors";

function read(value: Record<string, unknown>): Cors | undefined {
  return importCors(Fields.of(value, [], { kept: [], problems: [] }));
}

function written(cors: Partial<Cors>): { filter: Record<string, unknown> | undefined; told: string[] } {
  const told: string[] = [];
  const allowOrigins: Cors["allowOrigins"] = [{ type: "exact", value: "https://shop.example" }];
  const filter = exportCors({ allowOrigins, ...cors }, ({ verdict, reason }) => told.push(`${verdict}: ${reason}`));
  return { filter, told };
}

test.each([
  ["*", { type: "exact", value: "*" }],
  ["https://shop.example:8443", { type: "exact", value: "https://shop.example:8443" }],
  ["https://*.shop.example", { type: "regex", value: "https://[^:/]+\\.shop\\.example" }],
  ["http://*:3000", { type: "regex", value: "http://[^:/]+:3000" }],
] as const)("the origin %s comes in as an entry and goes out as it was", (origin, entry) => {
  expect(read({ allowOrigins: [origin] })?.allowOrigins).toEqual([entry]);
  expect(written({ allowOrigins: [entry] })).toEqual({ filter: { allowOrigins: [origin] }, told: [] });
});

test("a filter without an origin is no policy", () => {
  expect(read({ allowMethods: ["GET"] })).toBeUndefined();
  expect(read({})).toBeUndefined();
});

test("origins that the filter cannot say lose their pages, and without any there is no filter", () => {
  const prefix = { type: "prefix", value: "https://shop" } as const;
  const regex = { type: "regex", value: "https://(a|b)\\.shop\\.example" } as const;
  const unsaid = "cannot be said: their pages are refused";
  expect(written({ allowOrigins: [prefix, regex] })).toEqual({
    filter: undefined,
    told: [
      `lost: origins by prefix https://shop ${unsaid}`,
      `lost: origins by regex https://(a|b)\\.shop\\.example ${unsaid}`,
    ],
  });
  expect(written({ allowOrigins: [{ type: "exact", value: "app://local" }] }).filter).toBeUndefined();
});

test("a star stands alone, and what is otherwise is told", () => {
  const { filter, told } = written({
    allowMethods: ["GET", "PURGE"],
    allowHeaders: ["x-a", "*", "x-a"],
    exposeHeaders: ["x-b", "x-b"],
    maxAgeSeconds: 0,
    unmatchedPreflights: "ignore",
  });
  expect(filter).toEqual({
    allowOrigins: ["https://shop.example"],
    allowMethods: ["GET"],
    allowHeaders: ["*"],
    exposeHeaders: ["x-b"],
    maxAge: 1,
  });
  expect(told).toEqual([
    "lost: methods beyond those of HTTP and PATCH cannot be said",
    "approximate: a preflight holds 1 second at least",
    "approximate: who answers preflights of other origins is the product's choice",
  ]);
});
