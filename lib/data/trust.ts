// The root of trust of this installation as people see it, and their wish to change it.
// The rule: no key leaves the table; web only asks for a rotation, the control plane carries it out.
import { X509Certificate } from "node:crypto";
import type { Principal } from "@/lib/auth/permissions";
import { AppError } from "@/lib/errors";
import { requireGlobal } from "./access";
import { type Database, isUniqueViolation } from "./client";
import { actor } from "./meshes";
import type { CaKeyState } from "./system/ca";
import { appendEvent } from "./system/events";
import { type RotationRow, toRotationRow } from "./system/root-rotations";

export interface TrustedRoot {
  id: string;
  state: CaKeyState;
  subject: string;
  /** SHA-256 of the DER, as OpenSSL prints it. */
  fingerprint: string;
  notBefore: Date;
  notAfter: Date;
}

export interface Trust {
  /** Roots that are trusted now; the one that signs first. */
  roots: TrustedRoot[];
  /** The last rotation, open or over. */
  rotation: RotationRow | null;
}

const ORDER: readonly CaKeyState[] = ["active", "prepared", "tainted"];

/** Everybody who is signed in may see whom the mesh trusts. */
export async function readTrust(database: Database): Promise<Trust> {
  const [rows, last] = await Promise.all([
    database.caKey.findMany({
      where: { kind: "root", state: { not: "retired" } },
      select: { id: true, certPem: true, state: true },
    }),
    database.rootRotation.findFirst({ orderBy: { createdAt: "desc" } }),
  ]);
  const roots = rows.map(({ id, certPem, state }) => {
    const certificate = new X509Certificate(certPem);
    return {
      id,
      state: state as CaKeyState,
      subject: certificate.subject.replaceAll("\n", ", "),
      fingerprint: certificate.fingerprint256,
      notBefore: new Date(certificate.validFrom),
      notAfter: new Date(certificate.validTo),
    };
  });
  roots.sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  return { roots, rotation: last && toRotationRow(last) };
}

export async function requestRotation(database: Database, principal: Principal): Promise<RotationRow> {
  requireGlobal(principal, "trust.rotate");
  try {
    return await database.$transaction(async (connection) => {
      const row = await connection.rootRotation.create({
        data: { requestedById: principal.userId, requestedByName: principal.name },
      });
      await appendEvent(connection, {
        ...actor(principal),
        kind: "identity.root.asked",
        subject: row.id,
        payload: { rotationId: row.id },
      });
      return toRotationRow(row);
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new AppError("conflict", {
      detail: "A rotation of the root is under way. Wait for its end, or cancel it while it distributes the new root.",
    });
  }
}

/** Only before the new root signs: afterwards there are certificates of it, and the way is forward. */
export async function cancelRotation(database: Database, principal: Principal, id: string): Promise<RotationRow> {
  requireGlobal(principal, "trust.rotate");
  return database.$transaction(async (connection) => {
    const { count } = await connection.rootRotation.updateMany({
      where: { id, finishedAt: null, state: { in: ["preparing", "distributing"] } },
      data: { cancelledByName: principal.name },
    });
    const row = await connection.rootRotation.findUnique({ where: { id } });
    if (!row) throw new AppError("not-found", { detail: `There is no rotation "${id}".` });
    if (count === 0) {
      throw new AppError("conflict", {
        detail:
          "The new root signs already, or the rotation is over. To go back, rotate once more when this one is done.",
      });
    }
    await appendEvent(connection, {
      ...actor(principal),
      kind: "identity.root.cancel-asked",
      subject: id,
      payload: { rotationId: id },
    });
    return toRotationRow(row);
  });
}
