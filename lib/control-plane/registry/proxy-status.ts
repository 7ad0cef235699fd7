// What a proxy says of itself on its admin port (`GET /meshwright/status`), as far as the control plane uses it.
// One rule: a field that is missing is "not said", never a default that sounds like health.

import { z } from "zod";

const schema = z.object({
  proxyId: z.string(),
  nonce: z.string().nullish(),
  version: z.string().nullish(),
  pid: z.number().int(),
  ready: z.boolean(),
  digest: z.string().nullish(),
  draining: z.boolean().nullish(),
  connectedToControlPlane: z.boolean().nullish(),
  configSource: z.string().nullish(),
  lastNack: z.object({ at: z.string(), message: z.string() }).nullish(),
  certificate: z
    .object({ spiffeId: z.string().nullish(), serial: z.string().nullish(), notAfter: z.string().nullish() })
    .nullish(),
});

export interface ProxyStatus {
  proxyId: string;
  nonce: string;
  version: string | null;
  pid: number;
  isReady: boolean;
  digest: string | null;
  isDraining: boolean;
  configSource: string | null;
  /** What it could not bring into force last, whether it said so by a NACK or is still trying. */
  lastRefusal: { at: string; message: string } | null;
  certificateSerial: string | null;
  certificateNotAfter: Date | null;
}

/** Decodes the answer; null when it is not one of a proxy. */
export function decodeProxyStatus(text: string): ProxyStatus | null {
  try {
    return readProxyStatus(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The same, of what has been parsed already. */
export function readProxyStatus(json: unknown): ProxyStatus | null {
  const status = schema.safeParse(json).data;
  if (!status) {
    return null;
  }
  const notAfter = status.certificate?.notAfter ? new Date(status.certificate.notAfter) : null;
  return {
    proxyId: status.proxyId,
    nonce: status.nonce ?? "",
    version: status.version ?? null,
    pid: status.pid,
    isReady: status.ready,
    digest: status.digest ?? null,
    isDraining: status.draining ?? false,
    configSource: status.configSource ?? null,
    lastRefusal: status.lastNack ?? null,
    certificateSerial: status.certificate?.serial?.toLowerCase().replaceAll(":", "") ?? null,
    certificateNotAfter: notAfter && !Number.isNaN(notAfter.getTime()) ? notAfter : null,
  };
}
