// What a machine says when it joins, and what it gets beside its certificate.
// One rule: additions only; a proxy of the next version says more, and what is not known here is left aside.

import { z } from "zod";
import type { ProxyIdentity } from "../ca/store";

const port = z.int().min(1).max(65_535);
const name = z.string().min(1).max(253);

export const joinBody = z.object({
  joinToken: z.string().min(1).max(200),
  csrPem: z.string().min(1).max(8192),
  workload: z.object({ namespace: name, name }),
  /** Where other proxies reach it. */
  address: z.string().min(1).max(45),
  ports: z.object({ inbound: port, outbound: port, admin: port }),
  /** Where its app listens; null: it only calls. */
  app: z.object({ host: name, port }).nullable(),
  version: z.string().min(1).max(60),
});

export type JoinAsked = z.infer<typeof joinBody> & {
  /** The other end of the connection. */
  peerAddress: string;
};

/** What it needs to run as this proxy. The control plane is reached at the host that it knows already. */
export interface JoinPlace {
  proxyKey: string;
  proxyRowId: string;
  spiffeId: string;
  adsPort: number;
  namespace: string;
  workload: string;
  service: string;
  workloadVersion: string;
  serviceAccount: string;
}

export interface Admission {
  who: ProxyIdentity;
  place: JoinPlace;
}
