// Questions and policy tests as they come from outside: API bodies and YAML files.
// The rule: everything has a limit; unknown fields are refused with their path.
import { z } from "zod";

const objectKey = z
  .string()
  .max(400)
  .regex(/^[A-Z][A-Za-z]+\/[^/]+\/[^/]+$/, "must be an object key like Workload/production/checkout-v1");
const ofKind = (kind: string) =>
  objectKey.regex(new RegExp(`^${kind}/`), `must be the key of a ${kind}: ${kind}/namespace/name`);

const headerName = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, "must be a header name");
const line = (max: number) =>
  z
    .string()
    .max(max, `must have at most ${max} characters`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
    .regex(/^[^\u0000-\u001f\u007f]*$/, "must not have line breaks or control characters");

const caller = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("workload"), workload: ofKind("Workload") }),
  z.strictObject({ kind: z.literal("gateway"), gateway: ofKind("Gateway") }),
  z.strictObject({ kind: z.literal("outside"), gateway: ofKind("Gateway") }),
]);

export const question = z.strictObject({
  from: caller,
  to: z.strictObject({
    host: line(253).min(1, "must not be empty"),
    port: z.int().min(1).max(65_535).optional(),
  }),
  method: z
    .string()
    .min(1)
    .max(32)
    .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, "must be an HTTP method")
    .default("GET"),
  path: line(8192).regex(/^\//, "must begin with /").default("/"),
  headers: z
    .record(headerName, line(8192))
    .refine((value) => Object.keys(value).length <= 64, "must have at most 64 headers")
    .default({}),
  token: z
    .strictObject({
      claims: z
        .record(z.string().min(1).max(256), z.json())
        .refine((value) => JSON.stringify(value).length <= 8192, "must have at most 8192 characters"),
      isForged: z.boolean().optional(),
    })
    .optional(),
  certificate: z
    .strictObject({
      names: z.array(line(2048).min(1, "must not be empty")).max(64, "must have at most 64 names"),
      isForged: z.boolean().optional(),
      isRevoked: z.boolean().optional(),
    })
    .optional(),
  authorizers: z
    .record(z.string().min(1).max(256), z.enum(["allow", "deny", "away"]))
    .refine((value) => Object.keys(value).length <= 64, "must have at most 64 authorizers")
    .optional(),
  address: z.union([z.ipv4(), z.ipv6()], "must be an IP address").optional(),
  draw: z.number().min(0).lt(1, "must be from 0 up to but not 1").optional(),
});

export const OUTCOMES = [
  "forwarded",
  "denied",
  "no-route",
  "redirected",
  "responded",
  "refused",
  "unreachable",
] as const;

export const policyTest = z.strictObject({
  name: line(200).min(1, "must not be empty"),
  question,
  expect: z
    .strictObject({
      outcome: z.enum(OUTCOMES).optional(),
      status: z.int().min(100).max(599).optional(),
      destinations: z
        .array(
          z.strictObject({
            service: objectKey,
            subset: z.string().max(63).optional(),
            probability: z.number().min(0).max(1).optional(),
            tolerance: z.number().min(0).max(1).optional(),
          }),
        )
        .max(64)
        .optional(),
    })
    .refine(
      ({ outcome, status, destinations }) =>
        outcome !== undefined || status !== undefined || destinations !== undefined,
      "must expect an outcome, a status or destinations",
    ),
});

export const MAX_POLICY_TESTS = 1000;
