// Questions of sidecars and their answers, without sockets.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import {
  RateLimitResponse_Code as Code,
  RateLimitRequestSchema,
  RateLimitResponseSchema,
  RateLimitResponse_RateLimit_Unit as Unit,
} from "@meshwright/proxy/contract";
import { expect, test } from "vitest";
import { API_VERSION, type MeshDocument, type RateLimit } from "@/lib/mesh";
import { Counters } from "./counters";
import { answer, type CountingProxy } from "./rate-limit-service";

const PEER = { spiffeId: "spiffe://shop.test/ns/production/sa/cart", serial: "1" };
const DOMAIN = "RateLimit/production/cart";
const LIMITS = [{ name: "all", requests: 1, perMs: 60_000 }];

function design(spec: Partial<RateLimit["spec"]> = {}): MeshDocument {
  const metadata = { name: "cart", namespace: "production" };
  const whole = { service: { name: "cart" }, scope: "global", limits: LIMITS, ...spec };
  return { objects: [{ apiVersion: API_VERSION, kind: "RateLimit", metadata, spec: whole }] } as MeshDocument;
}

function service(document: MeshDocument | null, over: Partial<CountingProxy> = {}) {
  const proxy = { environmentId: "local", service: "Service/production/cart", document, ...over } as CountingProxy;
  return { proxyOf: () => proxy, counters: new Counters(), now: () => 1_800_000_000_000 };
}

function ask(options: Parameters<typeof answer>[0], entries: Record<string, string>, domain = DOMAIN, hitsAddend = 0) {
  const descriptor = { entries: Object.entries(entries).map(([key, value]) => ({ key, value })) };
  const request = create(RateLimitRequestSchema, { domain, descriptors: [descriptor], hitsAddend });
  const verdict = answer(options, PEER, toBinary(RateLimitRequestSchema, request));
  return verdict instanceof Uint8Array ? fromBinary(RateLimitResponseSchema, verdict) : verdict;
}

test("a question takes one from the budget that the design says, and is told what is left", () => {
  const options = service(design());
  expect(ask(options, { limit: "0" })).toMatchObject({
    overallCode: Code.OK,
    statuses: [
      { code: Code.OK, currentLimit: { name: "all", requestsPerUnit: 1, unit: Unit.MINUTE }, limitRemaining: 0 },
    ],
  });
  expect(ask(options, { limit: "0" })).toMatchObject({ overallCode: Code.OVER_LIMIT });
});

test("each value of the key has a budget; of a caller only the identity counts, and what is not asked for counts nothing", () => {
  const header = service(design({ limits: [{ requests: 1, perMs: 60_000, per: { type: "header", name: "x-user" } }] }));
  const code = (options: Parameters<typeof answer>[0], value?: string) =>
    (ask(options, { limit: "0", ...(value === undefined ? {} : { value }) }) as { overallCode: Code }).overallCode;
  const long = "u".repeat(5000);
  expect(["ann", "ann", "bob", undefined, "", long, `${long}x`, long].map((value) => code(header, value))).toEqual([
    Code.OK,
    Code.OVER_LIMIT,
    Code.OK,
    Code.OK,
    Code.OVER_LIMIT,
    Code.OK,
    Code.OK,
    Code.OVER_LIMIT,
  ]);
  const caller = service(design({ limits: [{ requests: 1, perMs: 60_000, per: { type: "caller" } }] }));
  const from = (name: string, hash: string) => `By=spiffe://shop.test/cart;Hash=${hash};URI=spiffe://shop.test/${name}`;
  expect([from("web", "1"), from("web", "2"), from("app", "1")].map((value) => code(caller, value))).toEqual([
    Code.OK,
    Code.OVER_LIMIT,
    Code.OK,
  ]);
  const all = service(design());
  expect([code(all, "ann"), code(all, "bob")]).toEqual([Code.OK, Code.OVER_LIMIT]);
});

test("in shadow nothing is refused, and what would have been is told", () => {
  const options = service(design({ shadow: true }));
  ask(options, { limit: "0" });
  expect(ask(options, { limit: "0" })).toMatchObject({ overallCode: Code.OK, statuses: [{ code: Code.OVER_LIMIT }] });
});

test("environments do not share, and a proxy counts in the limits of its own service only", () => {
  const options = service(design());
  ask(options, { limit: "0" });
  const elsewhere = {
    ...options,
    proxyOf: () => ({ ...(options.proxyOf() as CountingProxy), environmentId: "other" }),
  };
  expect(ask(elsewhere, { limit: "0" })).toMatchObject({ overallCode: Code.OK });
  const stranger = service(design(), { service: "Service/production/web" });
  expect(ask(stranger, { limit: "0" })).toMatchObject({ code: status.PERMISSION_DENIED });
  expect(ask({ ...options, proxyOf: () => "revoked" }, { limit: "0" })).toEqual({
    code: status.PERMISSION_DENIED,
    details: "revoked",
  });
});

test("what the design does not limit (any more) is within its limit", () => {
  for (const document of [null, design({ scope: "instance" }), design({ limits: [] })]) {
    expect(ask(service(document), { limit: "0" })).toMatchObject({ overallCode: Code.OK });
  }
  expect(ask(service(design()), { limit: "x" })).toMatchObject({ overallCode: Code.OK });
});

test("what is no question is refused", () => {
  const options = service(design());
  expect(answer(options, PEER, Buffer.from([255, 255]))).toMatchObject({ code: status.INVALID_ARGUMENT });
  const many = create(RateLimitRequestSchema, { domain: DOMAIN, descriptors: Array.from({ length: 17 }, () => ({})) });
  expect(answer(options, PEER, toBinary(RateLimitRequestSchema, many))).toMatchObject({
    code: status.INVALID_ARGUMENT,
  });
});
