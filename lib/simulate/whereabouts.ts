// Where a call comes from, as the callee's sidecar sees it: who opened the connection, and the client behind gateways.
// The rule: as the proxy's own (remoteAddressOf): a sidecar takes the last address of x-forwarded-for, which a gateway has written there.
import { addressBlock } from "@/lib/mesh";
import { headerOf, type Message } from "./message";

/** `address`: of the question. At a gateway what a client says about itself counts for nothing. */
export type Whereabouts = { address: string | undefined; isBehindGateway: boolean; isAtGateway?: boolean };

/** Of who says nothing: one machine. */
const LOCAL = "127.0.0.1";

export function addressesOf(
  message: Message,
  from: Whereabouts | undefined,
): { directRemoteAddress: string; remoteAddress: string } {
  const own = from?.address ?? LOCAL;
  if (from?.isAtGateway) return { directRemoteAddress: own, remoteAddress: own };
  if (from?.isBehindGateway) return { directRemoteAddress: LOCAL, remoteAddress: own };
  const last = headerOf(message, "x-forwarded-for")?.split(",").at(-1)?.trim() ?? "";
  const isAddress = !last.includes("/") && addressBlock.safeParse(last).success;
  return { directRemoteAddress: own, remoteAddress: isAddress ? last : own };
}
