import { expect, test } from "vitest";
import { contentSecurityPolicy, securityHeaders } from "./security-headers";

const directives = (policy: string) => new Map(policy.split("; ").map((each) => [each.split(" ")[0], each]));

test("scripts run by nonce only", () => {
  const policy = directives(contentSecurityPolicy("abc"));
  expect(policy.get("script-src")).toBe("script-src 'self' 'nonce-abc' 'strict-dynamic'");
  expect(policy.get("style-src-elem")).not.toContain("unsafe");
  expect(policy.get("default-src")).toBe("default-src 'none'");
  expect(policy.get("frame-ancestors")).toBe("frame-ancestors 'none'");
});

test("eval is for development only, strict transport for HTTPS only", () => {
  expect(contentSecurityPolicy("n")).not.toContain("unsafe-eval");
  expect(contentSecurityPolicy("n", { isDevelopment: true })).toContain("unsafe-eval");
  expect(securityHeaders(false)["strict-transport-security"]).toBeUndefined();
  expect(securityHeaders(true)["strict-transport-security"]).toContain("max-age");
});
