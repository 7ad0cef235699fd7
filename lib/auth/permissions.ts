// Who may do what: permission = (subject, action, mesh, namespace or all). Pure, decided here and nowhere else.
// The rule: everything that is not listed is refused. Roles come from the database at each request, never from a session.
import type { Role } from "@/lib/api/schema/common";

/** Actions on one mesh. */
const MESH_ACTIONS = [
  "mesh.read",
  "draft.write",
  "revision.create",
  "deployment.plan",
  "deployment.create",
  "binding.write",
  "identity.revoke",
  "proxy.join",
  "review.submit",
  "review.comment",
  "review.vote",
  "condition.meet",
  "check.run",
  "waiver.write",
  "risk.accept",
  "mesh.write",
  "mesh.delete",
] as const;
/** Actions on the installation. */
const GLOBAL_ACTIONS = ["mesh.create", "people.manage", "trust.rotate"] as const;

export type MeshAction = (typeof MESH_ACTIONS)[number];
export type GlobalAction = (typeof GLOBAL_ACTIONS)[number];
export type Action = MeshAction | GlobalAction;

export const ROLE_ACTIONS: Readonly<Record<Role, readonly Action[]>> = {
  viewer: ["mesh.read"],
  author: [
    "mesh.read",
    "draft.write",
    "revision.create",
    "deployment.plan",
    "review.submit",
    "review.comment",
    "risk.accept",
    "mesh.create",
  ],
  reviewer: [
    "mesh.read",
    "deployment.plan",
    "review.comment",
    "review.vote",
    "condition.meet",
    "waiver.write",
    "risk.accept",
  ],
  operator: [
    "mesh.read",
    "deployment.plan",
    "deployment.create",
    "binding.write",
    "identity.revoke",
    "proxy.join",
    "review.comment",
    "condition.meet",
    "check.run",
  ],
  administrator: [...MESH_ACTIONS, ...GLOBAL_ACTIONS],
};

/** From least to most, for "the caller's highest role". */
const ORDER: readonly Role[] = ["viewer", "reviewer", "author", "operator", "administrator"];

export interface Binding {
  role: Role;
  /** null: every mesh. */
  meshId: string | null;
  /** null: every namespace. */
  namespace: string | null;
}

/** Who asks. A token acts for a person and is limited further by `limit`. */
export interface Principal {
  kind: "person" | "token";
  userId: string;
  tokenId: string | null;
  name: string;
  email: string;
  bindings: readonly Binding[];
  limit: Omit<Binding, "namespace"> | null;
}

export interface Target {
  meshId: string;
  /** The namespace that is changed; absent: something of the whole mesh. Reading and planning need no namespace. */
  namespace?: string | undefined;
}

const NAMESPACE_BLIND: ReadonlySet<Action> = new Set(["mesh.read", "deployment.plan"]);

export function can(principal: Principal, action: Action, target?: Target): boolean {
  const { limit } = principal;
  if (limit && !covers({ ...limit, namespace: null }, action, target)) return false;
  return principal.bindings.some((binding) => covers(binding, action, target));
}

function covers(binding: Binding, action: Action, target: Target | undefined): boolean {
  if (!ROLE_ACTIONS[binding.role].includes(action)) return false;
  // What concerns the installation needs a role on all of it.
  if (!target) return binding.meshId === null && binding.namespace === null;
  if (binding.meshId !== null && binding.meshId !== target.meshId) return false;
  if (binding.namespace === null || NAMESPACE_BLIND.has(action)) return true;
  return binding.namespace === target.namespace;
}

/** The caller's roles that count on a mesh, the highest first. */
export function highestRole(principal: Principal, meshId: string): Role | null {
  const roles = principal.bindings
    .filter((binding) => binding.meshId === null || binding.meshId === meshId)
    .map((binding) => binding.role);
  return ORDER.findLast((role) => roles.includes(role)) ?? null;
}

/** What screens offer. An action that is allowed in one namespace only is listed too: the server decides per object. */
export function actionsOn(principal: Principal, meshId: string): MeshAction[] {
  return MESH_ACTIONS.filter(
    (action) =>
      can(principal, action, { meshId }) ||
      principal.bindings.some(({ namespace }) => namespace !== null && can(principal, action, { meshId, namespace })),
  );
}

export function globalActions(principal: Principal): GlobalAction[] {
  return GLOBAL_ACTIONS.filter((action) => can(principal, action));
}
