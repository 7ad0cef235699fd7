import { expect, test } from "vitest";
import { loadBalancing } from "./load-balancing";

const problems = (value: unknown): string[] => {
  const result = loadBalancing.safeParse(value);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
};
const USER = { type: "header", name: "x-user" };

test.each([
  [{ policy: "random" }],
  [{ policy: "ring-hash", hash: [USER] }],
  [{ policy: "ring-hash", hash: [USER], ringHash: { minimumRingSize: 2048, maximumRingSize: 2048 } }],
  [{ policy: "ring-hash", hash: [USER], ringHash: { maximumRingSize: 1024 } }],
  [{ policy: "maglev", hash: [{ ...USER, terminal: true }, { type: "sourceIp" }], maglev: { tableSize: 5_000_011 } }],
  [{ policy: "maglev", hash: [{ type: "query", name: "user" }] }],
  [
    {
      policy: "maglev",
      hash: [
        {
          ...{ type: "cookie", name: "sid", ttlSeconds: 0, path: "/" },
          attributes: [{ name: "SameSite", value: "Strict" }, { name: "Secure" }],
        },
      ],
    },
  ],
])("%j is a way to choose a host", (value) => {
  expect(problems(value)).toEqual([]);
});

test.each([
  [{ policy: "ring-hash" }, "hash: is needed by ring-hash"],
  [{ policy: "maglev", hash: [] }, "hash: must have a key"],
  [{ policy: "random", hash: [USER] }, "hash: is of ring-hash and maglev; the policy is random"],
  [{ policy: "maglev", hash: [USER], ringHash: {} }, "ringHash: is of ring-hash; the policy is maglev"],
  [{ policy: "ring-hash", hash: [USER], maglev: { tableSize: 7 } }, "maglev: is of maglev; the policy is ring-hash"],
  [{ policy: "maglev", hash: [USER], maglev: { tableSize: 65_536 } }, "maglev.tableSize: must be a prime number"],
  [{ policy: "maglev", hash: [USER], maglev: { tableSize: 5_000_077 } }, "maglev.tableSize: must be at most 5000011"],
  [
    { policy: "ring-hash", hash: [USER], ringHash: { minimumRingSize: 4096, maximumRingSize: 2048 } },
    "ringHash.minimumRingSize: must be at most the maximum of 2048",
  ],
  [
    { policy: "ring-hash", hash: [USER], ringHash: { maximumRingSize: 512 } },
    "ringHash.minimumRingSize: must be at most the maximum of 512; absent it is 1024",
  ],
  [{ policy: "ring-hash", hash: [USER], ringHash: { minimumRingSize: 8_388_609 } }, "must be at most 8388608"],
  [{ policy: "ring-hash", hash: [{ type: "header", name: "x user" }] }, "hash.0.name: must be an HTTP header name"],
  [{ policy: "ring-hash", hash: [{ type: "cookie", name: "a=b" }] }, "hash.0.name: must be a cookie's name"],
  [{ policy: "ring-hash", hash: [{ type: "cookie", name: "a", path: "/; x" }] }, "hash.0.path: must not contain"],
  [{ policy: "ring-hash", hash: [{ type: "sourceIp", name: "a" }] }, "hash.0: "],
  [{ policy: "ring-hash", hash: [{ type: "method" }] }, "hash.0.type: "],
  [{ policy: "hash" }, "policy: "],
])("%j is refused where it is wrong", (value, problem) => {
  const found = problems(value);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(problem);
});
