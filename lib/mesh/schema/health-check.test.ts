import { expect, test } from "vitest";
import { healthCheck } from "./health-check";

const problems = (value: unknown): string[] => {
  const result = healthCheck.safeParse(value);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
};

test.each([
  [{ type: "http", path: "/healthz", expectedStatuses: [200, 204], intervalMs: 1000 }],
  [{ type: "grpc" }],
  [{ type: "grpc", serviceName: "shop.Cart", host: "cart" }],
  [{ type: "tcp", send: "50494e47", receive: ["2b50", "4F4E47"], reuseConnection: false }],
])("%j is a check", (check) => {
  expect(problems(check)).toEqual([]);
});

test.each([
  [{ type: "http" }, "path: "],
  [{ type: "http", path: "healthz" }, "path: must begin with /"],
  [{ type: "http", path: "/", expectedStatuses: [] }, "expectedStatuses: must have a status"],
  [{ type: "http", path: "/", method: "CONNECT" }, "method: "],
  [{ type: "http", path: "/", unhealthyThreshold: 0 }, "unhealthyThreshold: must be 1 or more"],
  [{ type: "tcp", send: "PING" }, "send: must be pairs of hexadecimal digits, such as 50494e47"],
  [{ type: "tcp", path: "/" }, ": "],
  [{ type: "redis" }, "type: "],
])("%j is refused where it is wrong", (check, problem) => {
  const found = problems(check);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(problem);
});
