// Every repository that a person reaches begins here: find the mesh by its name in the URL, and ask whether this is allowed.
// The rule: what one may not read does not exist (404); what one may read but not do is forbidden (403).
import { type Action, can, type GlobalAction, type MeshAction, type Principal } from "@/lib/auth/permissions";
import { AppError } from "@/lib/errors";
import type { Connection } from "./client";
import { refuseWhileDeleted } from "./mesh-deletion";

export interface MeshRef {
  id: string;
  slug: string;
  name: string;
  version: number;
}

/** What is still answered while a mesh is being deleted. */
const UNCHANGING: ReadonlySet<MeshAction> = new Set(["mesh.read", "deployment.plan", "mesh.delete"]);

/** What a role in one namespace allows there. */
const IN_NAMESPACES: ReadonlySet<MeshAction> = new Set(["draft.write", "proxy.join"]);

/** What every repository function is given. */
export interface Access {
  principal: Principal;
}

export function requireGlobal(principal: Principal, action: GlobalAction): void {
  if (!can(principal, action)) throw forbidden(action);
}

export async function accessMesh(
  connection: Connection,
  principal: Principal,
  slug: string,
  action: MeshAction,
): Promise<MeshRef> {
  const mesh = await connection.mesh.findUnique({
    where: { slug },
    select: { id: true, slug: true, name: true, version: true },
  });
  if (!mesh || !can(principal, "mesh.read", { meshId: mesh.id })) {
    throw new AppError("not-found", { detail: `There is no mesh "${slug}" that you may see.` });
  }
  if (!mayTry(principal, action, mesh.id)) throw forbidden(action);
  if (!UNCHANGING.has(action)) await refuseWhileDeleted(connection, mesh.id);
  return mesh;
}

/** True when the action is allowed on the mesh or in one of its namespaces; the objects are then asked about one by one. */
function mayTry(principal: Principal, action: MeshAction, meshId: string): boolean {
  if (can(principal, action, { meshId })) return true;
  if (!IN_NAMESPACES.has(action)) return false;
  return principal.bindings.some(
    ({ namespace }) => namespace !== null && can(principal, action, { meshId, namespace }),
  );
}

export function forbidden(action: Action, where = ""): AppError {
  return new AppError("forbidden", {
    detail: `This needs the permission ${action}${where}. Ask an administrator for a role that has it.`,
    extra: { permission: action },
  });
}
