// What agent and control plane say to each other over the internal API: decoded with these schemas on both sides.
// One rule: additions only. A control plane of version N serves agents of N and N-1.

import { z } from "zod";

export const portsSchema = z.object({
  inbound: z.number().int(),
  outbound: z.number().int(),
  admin: z.number().int(),
  app: z.number().int().nullable(),
});
export type ProxyPorts = z.infer<typeof portsSchema>;

export const appSpecSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("echo") }),
  z.object({ kind: z.literal("demo"), name: z.string() }),
  z.object({ kind: z.literal("address"), host: z.string(), port: z.number().int() }),
  z.object({ kind: z.literal("none") }),
]);
export type AppSpec = z.infer<typeof appSpecSchema>;

export const desiredProxySchema = z.object({
  proxyRowId: z.string(),
  proxyKey: z.string(),
  environmentId: z.string(),
  namespace: z.string(),
  workload: z.string(),
  service: z.string(),
  version: z.string(),
  serviceAccount: z.string(),
  spiffeId: z.string(),
  app: appSpecSchema,
  desired: z.enum(["running", "draining", "stopped"]),
  adsUrl: z.string(),
  enrollUrl: z.string(),
  trustBundlePem: z.string(),
  controlPlaneSpiffeId: z.string(),
  /** Stored from its first start; null: the agent chooses. */
  ports: portsSchema.nullable(),
  /** A gateway's public port, if one was asked for. */
  wishedInboundPort: z.number().int().nullable(),
});
export type DesiredProxy = z.infer<typeof desiredProxySchema>;

export const desiredStateSchema = z.object({
  version: z.string(),
  proxies: z.array(desiredProxySchema),
  /** Bound for gateways: chosen for no sidecar, also while nobody listens there yet. */
  reservedPorts: z.array(z.number().int()).default([]),
});
export type DesiredState = z.infer<typeof desiredStateSchema>;

export const processResourcesSchema = z.object({
  cpuMillicores: z.number(),
  residentBytes: z.number(),
  privateBytes: z.number().nullable(),
});
export type ProcessResources = z.infer<typeof processResourcesSchema>;

export const proxyReportSchema = z.object({
  proxyRowId: z.string(),
  state: z.enum(["waiting", "running", "crashed", "stopping", "stopped"]),
  message: z.string().nullable(),
  pid: z.number().int().nullable(),
  restarts: z.number().int(),
  ports: portsSchema,
  resources: processResourcesSchema.nullable(),
});
export type ProxyReport = z.infer<typeof proxyReportSchema>;

export const agentReportSchema = z.object({
  proxies: z.array(proxyReportSchema),
  resources: processResourcesSchema.nullable(),
});
export type AgentReport = z.infer<typeof agentReportSchema>;

export const registerSchema = z.object({ hostname: z.string(), address: z.string(), version: z.string() });
export type AgentRegistration = z.infer<typeof registerSchema>;

export const joinTokenRequestSchema = z.object({ proxyRowId: z.string() });
export const joinTokenAnswerSchema = z.object({ joinToken: z.string(), expiresAt: z.string() });
