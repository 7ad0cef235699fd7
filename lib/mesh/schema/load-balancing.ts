// How a caller's proxy chooses among the hosts of a service: in turn, by load, by chance, or by a hash of something in the request.
// The rule: a hash is made of named keys, in order; what has none of them may go to any host, so a key that is never there is no error here.
import { z } from "zod";
import { durationMs, headerName, headerValue, percent, shortText } from "./primitives";

/** Envoy's defaults and limits: RingHashLbConfig, MaglevLbConfig. */
export const RING_SIZE = { default: 1024, most: 8_388_608 } as const;
const TABLE_SIZE = { default: 65_537, most: 5_000_011 } as const;

/** Of a cookie's name and its attributes (RFC 6265 section 4.1.1). */
const COOKIE_TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const cookieText = headerValue.regex(/^[^;]*$/, "must not contain a semicolon, which would end it");

const terminal = z
  .boolean()
  .optional()
  .describe("true: where a request has this key, or one before it, those after it are not looked at.");

export const hashKey = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("header").describe("The value of a request header."),
    name: headerName.describe("The header's name; case does not matter."),
    terminal,
  }),
  z.strictObject({
    type: z.literal("cookie").describe("The value of a cookie."),
    name: shortText.min(1).regex(COOKIE_TOKEN, "must be a cookie's name").describe("The cookie's name."),
    ttlSeconds: z
      .int()
      .min(0, "must be 0 or more")
      .max(315_576_000, "must be at most ten years (315576000 s)")
      .optional()
      .describe(
        "Who has no such cookie is given one for so long; 0: until the browser is closed. Absent: none is given.",
      ),
    path: cookieText.max(1024).optional().describe("Path of a cookie that is given."),
    attributes: z
      .array(
        z.strictObject({
          name: shortText
            .min(1)
            .regex(COOKIE_TOKEN, "must be the name of a cookie's attribute")
            .describe("The attribute's name, such as SameSite."),
          value: cookieText.max(1024).optional().describe("Absent: the name stands alone, as Secure does."),
        }),
      )
      .min(1)
      .max(5, "must have at most 5 entries")
      .optional()
      .describe("More of a cookie that is given, such as SameSite; HttpOnly is always there."),
    terminal,
  }),
  z.strictObject({
    type: z
      .literal("sourceIp")
      .describe("The address of who calls; behind a sidecar that is the app's own, at a gateway the client's."),
    terminal,
  }),
  z.strictObject({
    type: z.literal("query").describe("The value of a query parameter."),
    name: shortText.min(1).describe("The parameter's name; case matters."),
    terminal,
  }),
]);

export const BALANCING_POLICIES = [
  "round-robin",
  "least-request",
  "peak-ewma",
  "random",
  "ring-hash",
  "maglev",
] as const;
const ringSize = z.int().min(1, "must be 1 or more").max(RING_SIZE.most, `must be at most ${RING_SIZE.most}`);

const warmup = z.strictObject({
  durationMs: durationMs
    .min(1000, "must be at least 1000 ms")
    .describe("So long after it came or came back a host has its full share, in milliseconds."),
  minimumPercent: percent.optional().describe("What it begins with, in percent of its share; absent: 10."),
  aggression: z
    .number()
    .min(1, "must be from 1 to 100")
    .max(100, "must be from 1 to 100")
    .optional()
    .describe("1 grows evenly, more grows faster at the beginning; absent: 1."),
});

type Balancing = {
  policy: (typeof BALANCING_POLICIES)[number];
  hash?: unknown;
  ringHash?: { minimumRingSize?: number | undefined; maximumRingSize?: number | undefined } | undefined;
  maglev?: unknown;
  warmup?: unknown;
};

const WITHOUT_SHARES =
  "is for round-robin and least-request: hosts chosen by chance, by latency or by a hash have no share that could grow";

/** What belongs to one policy alone, and is written beside another. */
function misplaced({
  policy,
  hash,
  ringHash,
  maglev,
  warmup: slowly,
}: Balancing): { field: string; message: string } | undefined {
  if (!isHashing(policy)) {
    if (hash !== undefined) return { field: "hash", message: `is of ring-hash and maglev; the policy is ${policy}` };
  } else if (hash === undefined) {
    return {
      field: "hash",
      message: `is needed by ${policy}: name a header, a cookie, the source IP or a query parameter`,
    };
  }
  if (ringHash !== undefined && policy !== "ring-hash")
    return { field: "ringHash", message: `is of ring-hash; the policy is ${policy}` };
  if (maglev !== undefined && policy !== "maglev")
    return { field: "maglev", message: `is of maglev; the policy is ${policy}` };
  if (slowly !== undefined && policy !== "round-robin" && policy !== "least-request")
    return { field: "warmup", message: WITHOUT_SHARES };
  return undefined;
}

export const loadBalancing = z
  .strictObject({
    policy: z
      .enum(BALANCING_POLICIES)
      .describe(
        "How a host is chosen; peak-ewma: of two, the one that answers faster (latency times requests under way), as Linkerd does.",
      ),
    warmup: warmup.optional().describe("New hosts get their share bit by bit; absent: at once."),
    hash: z
      .array(hashKey)
      .min(1, "must have a key")
      .max(16)
      .optional()
      .describe("Of ring-hash and maglev: what is hashed, in order. A request that has none of it goes to any host."),
    ringHash: z
      .strictObject({
        minimumRingSize: ringSize
          .optional()
          .describe(
            "Entries of the ring at least: more of them share more evenly, and take longer to make. Absent: 1024.",
          ),
        maximumRingSize: ringSize.optional().describe("Entries of the ring at most; absent: 8388608."),
      })
      .optional()
      .describe("Of ring-hash: how large the ring is."),
    maglev: z
      .strictObject({
        tableSize: z
          .int()
          .min(2, "must be a prime number")
          .max(TABLE_SIZE.most, `must be at most ${TABLE_SIZE.most}`)
          .refine(isPrime, "must be a prime number, such as 65537")
          .describe("Entries of the table, a prime number; many more than there are hosts."),
      })
      .optional()
      .describe("Of maglev: how large the table is. Absent: 65537."),
  })
  .superRefine((value, context) => {
    const found = misplaced(value);
    if (found) context.addIssue({ code: "custom", path: [found.field], message: found.message });
    const { minimumRingSize: least = RING_SIZE.default, maximumRingSize: most = RING_SIZE.most } = value.ringHash ?? {};
    if (least > most && least <= RING_SIZE.most) {
      const message = `must be at most the maximum of ${most}${value.ringHash?.minimumRingSize === undefined ? "; absent it is 1024" : ""}`;
      context.addIssue({ code: "custom", path: ["ringHash", "minimumRingSize"], message });
    }
  });

export type LoadBalancing = z.infer<typeof loadBalancing>;
export type Warmup = z.infer<typeof warmup>;
export type HashKey = z.infer<typeof hashKey>;

/** Does the policy keep a key at its host? */
export function isHashing(policy: LoadBalancing["policy"]): policy is "ring-hash" | "maglev" {
  return policy === "ring-hash" || policy === "maglev";
}

function isPrime(value: number): boolean {
  for (let divisor = 2; divisor * divisor <= value; divisor++) if (value % divisor === 0) return false;
  return Number.isInteger(value) && value > 1;
}
