// Seals the key of a gateway's certificate for web, which writes the row and never has the sealing key.
// One rule: it only seals; nothing that was sealed comes back over any API.

import { z } from "zod";
import { MAX_PEM_CHARACTERS } from "@/lib/mesh";
import { sealKey } from "../ca/key-sealing";
import { gatewayKeyPlace } from "../registry/gateway-certificates";
import { type ApiRoute, decodeBody } from "./server";

const asked = z.strictObject({
  environmentId: z.string().min(1).max(64),
  namespace: z.string().min(1).max(63),
  gateway: z.string().min(1).max(253),
  name: z.string().min(1).max(253),
  keyPem: z.string().min(1).max(MAX_PEM_CHARACTERS),
});

export function sealingRoute(sealingKey: Buffer): ApiRoute {
  return {
    method: "POST",
    path: /^\/v1\/seal-gateway-key$/,
    handle: async ({ body }) => {
      const { keyPem, ...row } = decodeBody(asked, body);
      return { sealedKey: sealKey(Buffer.from(keyPem), sealingKey, gatewayKeyPlace(row)) };
    },
  };
}
