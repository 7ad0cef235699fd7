// Which redirects are followed, and where to.

import { describe, expect, it } from "vitest";
import type { InternalRedirectPlan, RoutePlan } from "../plan/types";
import { acceptsRoute, FollowedRedirects, redirectTarget, refuseTarget } from "./internal-redirect";

const PLAN: InternalRedirectPlan = {
  maxRedirects: 1,
  codes: [302],
  predicates: [],
  allowsCrossScheme: false,
  headersToCopy: [],
};
const routeOf = (name: string): RoutePlan => ({ name }) as RoutePlan;
const HTTP = { scheme: "http", authority: "app", path: "/" } as const;
const HTTPS = { ...HTTP, scheme: "https" } as const;

describe("the target of a redirect", () => {
  it.each([
    ["http://app/a?b=c", { scheme: "http", authority: "app", path: "/a?b=c" }],
    ["HTTPS://App:8443/a#part", { scheme: "https", authority: "App:8443", path: "/a" }],
    ["http://app", { scheme: "http", authority: "app", path: "/" }],
    ["http://app?b", { scheme: "http", authority: "app", path: "/?b" }],
  ])("%s is read", (location, target) => {
    expect(redirectTarget(location)).toEqual(target);
  });

  it.each(["", "/a", "//app/a", "http:/a", "ftp://app/a", "app/a", "http:///a"])("%j is none", (location) => {
    expect(redirectTarget(location)).toBeNull();
  });
});

describe("a redirect is refused", () => {
  it("to the other scheme, unless that is allowed", () => {
    const followed = new FollowedRedirects();
    expect(refuseTarget(PLAN, "http", HTTPS, followed)).toBe("unsafe_scheme");
    expect(refuseTarget(PLAN, "https", HTTP, followed)).toBe("unsafe_scheme");
    expect(refuseTarget({ ...PLAN, allowsCrossScheme: true }, "http", HTTPS, followed)).toBeNull();
  });

  it("when as many were followed", () => {
    const followed = new FollowedRedirects();
    expect(refuseTarget(PLAN, "http", HTTP, followed)).toBeNull();
    followed.count = 1;
    expect(refuseTarget(PLAN, "http", HTTP, followed)).toBe("too_many_redirects");
  });
});

describe("the route of the target", () => {
  const accepts = (
    predicates: InternalRedirectPlan["predicates"],
    to: string,
    { from = "from", scheme = "http" as "http" | "https", target = HTTP as typeof HTTP | typeof HTTPS } = {},
    followed = new FollowedRedirects(),
  ): boolean => acceptsRoute({ ...PLAN, predicates }, routeOf(from), routeOf(to), scheme, target, followed);

  it("may be any without predicates", () => {
    expect(accepts([], "to")).toBe(true);
  });

  it("may be one of those that are listed", () => {
    const listed = [{ kind: "allow-listed-routes", names: new Set(["to"]) }] as const;
    expect(accepts(listed, "to")).toBe(true);
    expect(accepts(listed, "other")).toBe(false);
  });

  it("may not be one that the same route redirected to before", () => {
    const followed = new FollowedRedirects();
    const previous = [{ kind: "previous-routes" }] as const;
    expect(accepts(previous, "to", {}, followed)).toBe(true);
    expect(accepts(previous, "to", { from: "other" }, followed)).toBe(true);
    expect(accepts(previous, "to", {}, followed)).toBe(false);
  });

  it("may not be reached by https from http, the other way round it may", () => {
    const safe = [{ kind: "safe-cross-scheme" }] as const;
    expect(accepts(safe, "to", { scheme: "http", target: HTTPS })).toBe(false);
    expect(accepts(safe, "to", { scheme: "https", target: HTTP })).toBe(true);
    expect(accepts(safe, "to", { scheme: "https", target: HTTPS })).toBe(true);
  });
});
