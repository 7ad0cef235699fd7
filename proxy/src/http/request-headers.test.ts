import { expect, test } from "vitest";
import type { HttpConnectionPlan, HttpFilterPlan } from "../plan/types";
import { HeaderList } from "./h1/header-list";
import { prepareRequest } from "./request-headers";

const context = { isTls: false, isMutualTls: false, remoteAddress: "127.0.0.1", xfccElement: "" };

function kept(kinds: readonly HttpFilterPlan["kind"][]): string[] {
  const headers = new HeaderList();
  for (const name of ["x-envoy-fault-abort-request", "x-envoy-original-path", "x-envoy-max-retries", "x-app"]) {
    headers.push(name, "1");
  }
  const plan = { filters: kinds.map((kind) => ({ kind })), xfcc: { mode: "sanitize" }, via: null };
  prepareRequest(headers, plan as unknown as HttpConnectionPlan, context);
  return Array.from({ length: headers.length }, (_, i) => headers.nameAt(i));
}

test("callers ask for faults only where a filter makes them; what else only a proxy may say goes in any case", () => {
  expect(kept(["cors"])).toEqual(["x-app", "x-forwarded-proto"]);
  expect(kept(["cors", "fault"])).toEqual(["x-envoy-fault-abort-request", "x-app", "x-forwarded-proto"]);
});
