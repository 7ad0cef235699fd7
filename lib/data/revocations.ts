// A person takes an identity away. The rule: every certificate of the instance that is still valid by time, and the reason in the log.
import type { Principal } from "@/lib/auth/permissions";
import { AppError } from "@/lib/errors";
import { accessMesh } from "./access";
import type { Database } from "./client";
import { type EnvironmentAsked, environmentOf } from "./environments";
import { actor } from "./meshes";
import { appendEvent } from "./system/events";

/** Resolves to the serials that were revoked. */
export async function revokeIdentity(
  database: Database,
  principal: Principal,
  { slug, environment, proxyKey, reason }: EnvironmentAsked & { proxyKey: string; reason: string },
): Promise<string[]> {
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "identity.revoke");
    const { id } = await environmentOf(connection, mesh, environment);
    const now = new Date();
    const where = { environmentId: id, proxyKey, revokedAt: null, notAfter: { gt: now } };
    const valid = await connection.certificate.findMany({ where, select: { serial: true, spiffeId: true } });
    if (valid.length === 0) {
      throw new AppError("not-found", {
        detail: `"${proxyKey}" has no valid certificate in ${environment}. The list of proxies has the keys.`,
      });
    }
    await connection.certificate.updateMany({ where, data: { revokedAt: now } });
    // Nobody starts a joined machine's proxy again: with its identity its place ends.
    await connection.proxy.updateMany({
      where: { environmentId: id, proxyKey, origin: "joined" },
      data: { desired: "stopped", ready: false, updatedAt: now },
    });
    const serials = valid.map(({ serial }) => serial);
    await appendEvent(connection, {
      ...actor(principal),
      meshId: mesh.id,
      environmentId: id,
      kind: "certificate.revoked",
      subject: proxyKey,
      payload: { reason, serials, spiffeId: valid[0]?.spiffeId },
    });
    return serials;
  });
}
