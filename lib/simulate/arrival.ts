// Who knocks at a callee, and what becomes of it.
import type { UpstreamTlsPlan } from "@meshwright/proxy/plan";
import type { Message } from "./message";
import type { Hop, MtlsOutcome, Outcome } from "./types";
import type { Whereabouts } from "./whereabouts";

/** Who knocks: the SPIFFE ID behind its certificate, and how its proxy connects. `tls` null: in plain text. */
export type Knock = {
  identity: string | null;
  tls: Pick<UpstreamTlsPlan, "sanMatchers" | "sni"> | null;
  /** Its proxy calls by HTTP/2. */
  isHttp2?: boolean;
  message: Message;
  from?: Whereabouts;
};
export type Arrival = { outcome: Outcome; status: number | null; mtls: MtlsOutcome; hop: Hop | null; why?: string };
