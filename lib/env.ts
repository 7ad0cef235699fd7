// The one reader of process.env. Every process calls readEnv() once, at its start, and hands values on.
// The rule: all problems are reported at once, each with what to do; nothing else reads the environment.
import { z } from "zod";

const port = z.coerce.number().int().min(1).max(65_535);
const url = z.url();
function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

const flag = z.enum(["0", "1", "true", "false"]).transform((text) => text === "1" || text === "true");

const schema = z.object({
  NODE_ENV: z.enum(["development", "production", "test"]).default("production"),
  MESHWRIGHT_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: "must be a postgresql:// URL" }),
  MESHWRIGHT_HOME: z.string().startsWith("/", "must be an absolute path").optional(),
  MESHWRIGHT_RUNTIME_DIR: z.string().min(1).optional(),
  MESHWRIGHT_SUPERVISOR_PID: z.coerce.number().int().positive().optional(),
  MESHWRIGHT_SUPERVISOR_START: z.string().optional(),
  MESHWRIGHT_WEB_PORT: port.optional(),
  MESHWRIGHT_WEB_URL: url.optional(),
  MESHWRIGHT_INTERNAL_URL: url.optional(),
  MESHWRIGHT_INTERNAL_SECRET: z.string().min(16, "must have at least 16 characters").optional(),
  MESHWRIGHT_ADS_PORT: port.optional(),
  MESHWRIGHT_ENROLL_PORT: port.optional(),
  /** IP address of this machine at which machines that join reach ADS, enrollment and the sidecars here. Absent: loopback, nobody joins from elsewhere. */
  MESHWRIGHT_MESH_ADDRESS: z
    .union([z.ipv4(), z.ipv6()], { error: "must be an IP address of this machine" })
    .refine((address) => address !== "0.0.0.0" && address !== "::", "must be one address: others are told it")
    .optional(),
  MESHWRIGHT_KEY_FILE: z.string().min(1).optional(),
  MESHWRIGHT_BOOTSTRAP_TOKEN: z
    .string()
    .regex(
      /^mw_[A-Za-z0-9]{8,64}_[A-Za-z0-9_-]{24,128}$/,
      "must look like mw_<8 or more letters or digits>_<24 or more characters>",
    )
    .optional(),
  MESHWRIGHT_DEMO: flag.default(false),
  MESHWRIGHT_DEMO_GATEWAY_PORT: port.optional(),
  MESHWRIGHT_DEMO_EXTERNAL_PORT: port.optional(),
  /** How many reverse proxies in front of web may be believed about the caller's address. */
  MESHWRIGHT_TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  NEXTAUTH_SECRET: z.string().min(32, "must have at least 32 characters").optional(),
  NEXTAUTH_URL: url.optional(),
  OIDC_ISSUER: url.optional(),
  OIDC_CLIENT_ID: z.string().min(1).optional(),
  OIDC_CLIENT_SECRET: z.string().min(1).optional(),
  OIDC_NAME: z.string().min(1).max(40).default("single sign-on"),
  /** Claim that lists the groups. */
  OIDC_GROUPS_CLAIM: z.string().min(1).default("groups"),
  /** JSON: {"mesh-admins": "administrator", "shop-team": {"role": "author", "mesh": "shop"}}. */
  OIDC_GROUP_ROLES: z.string().refine(isJsonObject, "must be a JSON object of groups and roles").optional(),
});

export type Env = z.infer<typeof schema>;
export type EnvName = keyof Env;

export class EnvError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The environment is not complete:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.name = "EnvError";
  }
}

/** Variables that `required` names are there, by type and at run time. */
export type EnvWith<K extends EnvName> = Env & { [P in K]-?: NonNullable<Env[P]> };

export function readEnv<K extends EnvName = "DATABASE_URL">(
  required: readonly K[] = [],
  source: Readonly<Record<string, string | undefined>> = process.env,
): EnvWith<K> {
  // An empty variable is one that is not set.
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ""));
  const result = schema.safeParse(present);
  const problems = result.success ? [] : result.error.issues.map((issue) => sentence(issue, present));
  const known = new Set(problems.map((problem) => problem.split(" ")[0]));
  for (const name of required) {
    if (present[name] === undefined && schema.shape[name].safeParse(undefined).data === undefined && !known.has(name)) {
      problems.push(`${name} is missing: set it, or start with \`npm start\`, which sets it.`);
    }
  }
  const oidc = ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"] as const;
  const given = oidc.filter((name) => present[name] !== undefined);
  if (given.length > 0 && given.length < oidc.length) {
    const missing = oidc.filter((name) => present[name] === undefined);
    problems.push(`${missing.join(", ")} missing: single sign-on needs ${oidc.join(", ")} together.`);
  }
  if (problems.length > 0 || !result.success) throw new EnvError(problems);
  return result.data as EnvWith<K>;
}

function sentence(issue: z.core.$ZodIssue, present: Record<string, string | undefined>): string {
  const name = String(issue.path[0] ?? "");
  if (present[name] === undefined) return `${name} is missing: set it, or start with \`npm start\`, which sets it.`;
  return `${name} is not usable: ${issue.message}.`;
}
