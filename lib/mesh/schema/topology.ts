// Kinds that are drawn: services, their workloads, gateways, external services and the dependencies between them.
import { z } from "zod";
import { localityName } from "./locality";
import {
  certificateHashes,
  certificateName,
  clientNames,
  durationMs,
  hostName,
  keyHashes,
  labelName,
  labels,
  listenerProtocol,
  longText,
  percent,
  portNumber,
  protocol,
  ref,
  serverName,
  shortText,
} from "./primitives";

export const servicePort = z.strictObject({ name: labelName, port: portNumber, protocol });

export const serviceLevelObjective = z.strictObject({
  /** Share of requests that must succeed, 0..1. */
  availability: z.number().gt(0, "must be above 0").lt(1, "must be below 1").optional(),
  latency: z.strictObject({ thresholdMs: durationMs, percentile: percent }).optional(),
  windowDays: z.int().min(1).max(90),
});

export const serviceSpec = z.strictObject({
  ports: z.array(servicePort).min(1, "must have at least one port").max(64),
  owner: shortText.optional(),
  description: longText.optional(),
  criticality: z.enum(["critical", "high", "medium", "low"]).optional(),
  dataClass: z.enum(["public", "internal", "confidential", "restricted"]).optional(),
  exposure: z.enum(["internal", "partner", "internet"]).optional(),
  slo: serviceLevelObjective.optional(),
  /** The step of adoption; absent means what the mesh's defaults say. */
  mode: z.enum(["observe", "permissive", "strict", "enforced"]).optional(),
  /** Out of the mesh on purpose: no sidecar, and who answers for it. */
  optOut: z
    .strictObject({
      reason: longText.min(1),
      owner: shortText.min(1),
      /** The last day of it; absent means that nobody has said. */
      expiresOn: z.iso.date("must be a day as 2026-12-31").optional(),
    })
    .optional(),
});

export const workloadSpec = z.strictObject({
  /** The service of the same namespace that this workload runs; absent: it calls and serves nothing, as a job does. */
  service: labelName.optional(),
  version: z
    .string()
    .min(1)
    .max(63)
    .regex(/^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/, "must be usable as a label value"),
  /** Defaults to the service's name, without a service to the workload's. */
  serviceAccount: labelName.optional(),
  /** Beside `version`, which is always there as label `version`. */
  labels: labels.optional(),
  sidecar: z
    .strictObject({
      cpuMillicores: z.int().min(1).max(128_000).optional(),
      memoryMb: z.int().min(16).max(262_144).optional(),
    })
    .optional(),
  replicas: z.int().min(0, "must be 0 or more").max(1000, "must be at most 1000").optional(),
  locality: localityName.optional().describe("Where it runs: region, region/zone or region/zone/subzone."),
});

/** Who may come to a listener of protocol https; whose signature counts says the environment, beside the listener's certificate. */
const clientCertificates = z.strictObject({
  /** optional: a client may come without one. One that is shown has to be valid in either mode. */
  mode: z.enum(["required", "optional"]).describe("What a client without a certificate gets."),
  names: clientNames.optional().describe("Alternative names, one of which a certificate has to have. Absent: any."),
  /** Beside who signed: one of all pins of both lists is enough. */
  pinnedKeys: keyHashes
    .optional()
    .describe(
      "SHA-256 of public keys (SPKI) in base64. With pins a certificate has to have one of these keys, or be a pinned one.",
    ),
  pinnedCertificates: certificateHashes
    .optional()
    .describe(
      "SHA-256 of whole certificates in hexadecimal. With pins a certificate has to be one of these, or have a pinned key.",
    ),
  /** The lists are the environment's, beside the authorities. */
  checkRevocation: z
    .boolean()
    .optional()
    .describe("Refuses certificates on the environment's revocation lists; without lists the listener is not served."),
});

export const gatewaySpec = z.strictObject({
  type: z.enum(["ingress", "egress", "east-west"]),
  /** Defaults to the gateway's name. */
  serviceAccount: labelName.optional(),
  owner: shortText.optional(),
  description: longText.optional(),
  locality: localityName.optional().describe("Where it runs: region, region/zone or region/zone/subzone."),
  listeners: z
    .array(
      z.strictObject({
        name: labelName,
        port: portNumber,
        protocol: listenerProtocol,
        /** With https and tls, the server names that it takes; with tcp nobody says one. */
        hosts: z.array(hostName).min(1).max(256),
        /** Of protocol https: what it shows its clients. Where chain and key are, says the environment's binding. */
        tls: z.strictObject({ certificate: certificateName, clients: clientCertificates.optional() }).optional(),
        /** Of plain HTTP: every request is answered 301, to the same host and path in HTTPS. */
        httpsRedirect: z.boolean().optional(),
        /** Of a balancer before the gateway: a header that says whose connection it is. Everybody at the port writes it, or nobody. */
        proxyProtocol: z
          .enum(["required", "optional"])
          .optional()
          .describe(
            "The PROXY protocol of a balancer before the gateway, version 1 or 2: the client's address is what it says. required closes a connection without it. Absent: it is not read.",
          ),
        connectionLimit: z
          .strictObject({
            maxConnections: z
              .int()
              .min(1, "must be 1 or more")
              .max(1_000_000, "must be at most 1000000")
              .describe(
                "Connections that may be open at once at each instance of the gateway; the next one is closed.",
              ),
          })
          .optional(),
      }),
    )
    .min(1, "must have at least one listener")
    .max(64),
});

/** Made by the callers' proxies; the app's own part stays plain HTTP. Certificate and authorities of `environment` are the binding's. */
const externalTls = z.strictObject({
  mode: z
    .enum(["simple", "mutual"])
    .describe("simple: the server proves who it is. mutual: the proxies show the environment's certificate as well."),
  sni: serverName
    .regex(/^[^*]*$/, "must be one name, without a wildcard")
    .optional()
    .describe("The server name that is asked for. Absent: the host."),
  subjectAltNames: clientNames
    .optional()
    .describe("Alternative names, one of which the server's certificate has to have. Absent: the server name."),
  authorities: z
    .enum(["public", "environment"])
    .optional()
    .describe(
      "Whose signature counts: that of the authorities browsers trust (as the machine has them), or of those in the environment's binding. Absent: public.",
    ),
  insecureSkipVerify: z
    .boolean()
    .optional()
    .describe("Nobody verifies who answers: whoever is on the way can read and change everything."),
});

export const externalServiceSpec = z.strictObject({
  hosts: z.array(hostName).min(1, "must have at least one host").max(64),
  ports: z.array(servicePort).min(1, "must have at least one port").max(64),
  owner: shortText.optional(),
  description: longText.optional(),
  /** Fixed addresses; absent means that the environment's binding or DNS gives them. */
  endpoints: z
    .array(z.strictObject({ address: z.string().min(1).max(253), port: portNumber }))
    .max(256)
    .optional(),
  resolution: z
    .enum(["dns-round-robin"])
    .optional()
    .describe(
      "Of names: callers' proxies use one address of an answer at a time, the first, and keep connections to those before it. Absent: all addresses of an answer share the calls. Not for more than one endpoint of a port.",
    ),
  tls: externalTls.optional().describe("TLS to it, at every port that speaks HTTP. At a tcp port the app speaks it."),
  proxyProtocol: z
    .enum(["v1", "v2"])
    .optional()
    .describe(
      "Callers' proxies begin every connection to it with the PROXY protocol, version 1 (text) or 2 (binary), before TLS: it says who called the proxy. Absent: nothing is said.",
    ),
});

export const dependencySpec = z.strictObject({
  from: ref,
  to: ref,
  /** A port of the callee; absent means each of its ports. */
  port: portNumber.optional(),
  protocol: protocol.optional(),
  expectedRequestsPerSecond: z.number().min(0).max(10_000_000).optional(),
  interaction: z.enum(["sync", "async"]).optional(),
  purpose: longText.optional(),
});

export type ClientCertificates = z.infer<typeof clientCertificates>;
export type ExternalTls = z.infer<typeof externalTls>;
export type ServicePort = z.infer<typeof servicePort>;
export type Protocol = z.infer<typeof protocol>;
export type ListenerProtocol = z.infer<typeof listenerProtocol>;
