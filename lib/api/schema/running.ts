// What runs: environments and their bindings, deployments, proxies.
import { z } from "zod";
import { MAX_PEM_CHARACTERS } from "@/lib/mesh";
import { timestamp } from "./common";

const certificateFile = z
  .string()
  .max(4096)
  .regex(/^\/.+$/, "must be a path from the root, as /etc/certificates/shop.pem");

export const binding = z.strictObject({
  instances: z
    .array(
      z.strictObject({
        id: z
          .string()
          .max(200)
          .regex(/^[a-z0-9-]+\/[a-z0-9.-]+\/[a-z0-9-]+$/, "must be namespace/workload/instance"),
        workload: z.strictObject({ namespace: z.string().max(63), name: z.string().max(253) }),
        app: z.discriminatedUnion("kind", [
          z.strictObject({ kind: z.literal("echo") }),
          z.strictObject({ kind: z.literal("demo"), name: z.string().max(63) }),
          z.strictObject({
            kind: z.literal("address"),
            host: z.string().min(1).max(253),
            port: z.int().min(1).max(65_535),
          }),
          z.strictObject({ kind: z.literal("none") }),
        ]),
      }),
    )
    .max(5_000),
  externals: z
    .array(
      z.strictObject({
        namespace: z.string().max(63),
        name: z.string().max(253),
        endpoints: z
          .array(z.strictObject({ host: z.string().min(1).max(253), port: z.int().min(1).max(65_535) }))
          .max(100),
        /** PEM files on the machines of its callers' proxies: authorities of its certificate; the certificate that callers show, and its key. */
        tls: z
          .strictObject({
            ca: certificateFile.optional(),
            chain: certificateFile.optional(),
            key: certificateFile.optional(),
          })
          .optional(),
      }),
    )
    .max(1_000),
  gateways: z
    .array(
      z.strictObject({
        namespace: z.string().max(63),
        name: z.string().max(253),
        publicPort: z.int().min(1).max(65_535).optional(),
        /** For listeners of protocol https, tcp and tls, by their names; one that is not here shares the public port. */
        listenerPorts: z.record(z.string().max(63), z.int().min(1).max(65_535)).optional(),
        /**
         * By the names that listeners have for them: PEM files on the machine of the gateway, or what was given to Meshwright; `ca`: authorities
         * of clients' certificates; `crl`: their revocation lists.
         */
        certificates: z
          .record(
            z.string().max(253),
            z.union([
              z.strictObject({
                chain: certificateFile,
                key: certificateFile,
                ca: certificateFile.optional(),
                crl: certificateFile.optional(),
              }),
              z.strictObject({
                stored: z.literal(true),
                ca: z.literal(true).optional(),
                crl: z.literal(true).optional(),
              }),
            ]),
          )
          .refine((all) => Object.keys(all).length <= 64, "must have at most 64 certificates")
          .optional(),
      }),
    )
    .max(100),
});
export const environment = z.object({
  id: z.string(),
  name: z.string(),
  target: z.literal("local"),
  bindingVersion: z.int(),
  running: z.object({ deploymentId: z.string(), revision: z.int(), digest: z.string() }).nullable(),
  /** The deployment that is being worked on or waits, if any. */
  open: z.object({ deploymentId: z.string(), revision: z.int(), state: z.string() }).nullable(),
});
export type EnvironmentDto = z.infer<typeof environment>;
export const bindingAnswer = z.object({ version: z.int(), binding });
export const bindingRequest = z.strictObject({ binding });

const pem = z
  .string()
  .min(1, "must not be empty")
  .max(
    MAX_PEM_CHARACTERS,
    `must have at most ${MAX_PEM_CHARACTERS} characters: give the gateway's own certificate and its intermediates`,
  );
export const newGatewayCertificate = z.strictObject({
  /** PEM: the gateway's own certificate first, then intermediates. Absent, with the key: those that are there stay. */
  chain: pem.optional(),
  /** PEM, not encrypted; stored encrypted and never told again. */
  key: pem.optional(),
  /** PEM: authorities whose certificates clients may show, and their revocation lists (X509 CRL). null: none any more; absent: as it is. */
  clientCa: pem.nullable().optional(),
  /** Also for hosts of its listeners that it has no name for. */
  allowUncovered: z.boolean().default(false),
});
export const gatewayCertificate = z.object({
  namespace: z.string(),
  gateway: z.string(),
  /** As listeners of protocol https call it. */
  name: z.string(),
  subject: z.string(),
  issuer: z.string(),
  /** DNS names. */
  names: z.array(z.string()),
  notBefore: timestamp,
  notAfter: timestamp,
  keyType: z.string(),
  /** SHA-256. */
  fingerprint: z.string(),
  isSelfSigned: z.boolean(),
  /** Authorities whose certificates clients may show; null: none were given. */
  clientCa: z.array(z.object({ subject: z.string(), notAfter: timestamp, fingerprint: z.string() })).nullable(),
  /** Of these authorities, as they were given; [] where none were. */
  revocationLists: z.array(z.object({ issuer: z.string(), nextUpdate: timestamp.nullable() })),
  setBy: z.string(),
  setAt: timestamp,
});
export type GatewayCertificateDto = z.infer<typeof gatewayCertificate>;

/** Prometheus' HTTP service discovery: https://prometheus.io/docs/prometheus/latest/http_sd/ */
export const prometheusTargets = z.array(
  z.object({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()) }),
);

export const revocationRequest = z.strictObject({
  /** `namespace/workload/instance`. */
  proxyKey: z.string().min(1).max(200),
  /** Kept in the audit log. */
  reason: z.string().trim().min(3, "must say why, in three characters or more").max(500),
});
export const revocation = z.object({ proxyKey: z.string(), serials: z.array(z.string()) });

export const planRequest = z.strictObject({ revision: z.int().min(1) });
const changes = z.object({ added: z.array(z.string()), changed: z.array(z.string()), removed: z.array(z.string()) });
export const deploymentPlan = z.looseObject({
  proxies: z.array(
    z.looseObject({
      proxyKey: z.string(),
      change: z.enum(["create", "update", "retire", "keep"]),
      resources: changes.optional(),
    }),
  ),
  waves: z.array(z.array(z.string())),
  summary: z.array(z.string()),
  warnings: z.array(z.unknown()),
});
export type DeploymentPlanDto = z.infer<typeof deploymentPlan>;

export const DEPLOYMENT_STATES = [
  "queued",
  "planning",
  "canary",
  "rolling",
  "done",
  "failed",
  "restoring",
  "restored",
] as const;
export const waveProxy = z.looseObject({
  proxyKey: z.string(),
  state: z.string(),
  reason: z.string().nullish(),
  runningDigest: z.string().nullish(),
});
export const deployment = z.object({
  id: z.string(),
  environment: z.string(),
  revision: z.int(),
  digest: z.string(),
  state: z.enum(DEPLOYMENT_STATES),
  reason: z.string().nullable(),
  error: z.unknown(),
  startedBy: z.string(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  finishedAt: timestamp.nullable(),
  rollbackOf: z.string().nullable(),
  plan: z.unknown(),
  waves: z.array(
    z.looseObject({ index: z.int().optional(), state: z.string().optional(), proxies: z.array(waveProxy) }),
  ),
});
export type DeploymentDto = z.infer<typeof deployment>;
export const newDeployment = z.strictObject({ revision: z.int().min(1) });

export const proxy = z.object({
  id: z.string(),
  proxyKey: z.string(),
  namespace: z.string(),
  workload: z.string(),
  service: z.string().nullable(),
  /** `agent`: an agent of Meshwright runs it. `joined`: its machine joined with a join token, and reports itself. */
  origin: z.enum(["agent", "joined"]),
  state: z.enum(["pending", "ack", "nack", "disconnected"]),
  desired: z.enum(["running", "draining", "stopped"]),
  ready: z.boolean(),
  draining: z.boolean(),
  desiredDigest: z.string().nullable(),
  runningDigest: z.string().nullable(),
  inSync: z.boolean(),
  nack: z.object({ reasons: z.array(z.string()), at: timestamp.nullable() }).nullable(),
  version: z.string().nullable(),
  workloadVersion: z.string().nullable(),
  spiffeId: z.string(),
  certificate: z.object({ serial: z.string(), notAfter: timestamp.nullable() }).nullable(),
  connectedAt: timestamp.nullable(),
  lastSeenAt: timestamp.nullable(),
  resources: z.unknown(),
  budget: z.object({ cpuMillicores: z.number(), memoryMb: z.number() }).nullable(),
  pid: z.int().nullable(),
  host: z.string(),
  ports: z.object({
    inbound: z.int().nullable(),
    outbound: z.int().nullable(),
    admin: z.int().nullable(),
    app: z.int().nullable(),
  }),
  app: z.unknown(),
  deploymentId: z.string().nullable(),
});
export type ProxyDto = z.infer<typeof proxy>;

const joinWorkload = z.strictObject({ namespace: z.string().min(1).max(63), name: z.string().min(1).max(253) });
export const newJoinToken = z.strictObject({
  workload: joinWorkload,
  /** How long it waits to be used. */
  minutes: z.int().min(1).max(60).default(10),
});
export const joinToken = z.object({
  id: z.string(),
  workload: joinWorkload,
  state: z.enum(["open", "used", "expired", "withdrawn"]),
  createdBy: z.string(),
  createdAt: timestamp,
  expiresAt: timestamp,
  usedAt: timestamp.nullable(),
  /** The proxy that joined with it. */
  proxyKey: z.string().nullable(),
});
export type JoinTokenDto = z.infer<typeof joinToken>;
export const createdJoinToken = z.object({
  ...joinToken.shape,
  /** Shown this once. */
  token: z.string(),
  /** Where machines join; null: the control plane's port is not known to the web process. */
  controlPlane: z.string().nullable(),
  /** False: the control plane listens on loopback, so only this machine can join. */
  isReachable: z.boolean(),
  /** SHA-256 of the root that signs. */
  caFingerprint: z.string(),
  /** The workload serves calls: `--app-port` is needed. */
  needsApp: z.boolean(),
  command: z.string(),
});
export type CreatedJoinTokenDto = z.infer<typeof createdJoinToken>;
