// Names of everything cached from the API. Job: one place for query keys and for which live event touches which.
// Rule: every key of a mesh starts with ["mesh", slug, …], so that an event can be narrowed to its mesh.
export interface LiveEvent {
  type: string;
  mesh?: string;
}

export const keys = {
  me: ["me"] as const,
  meshes: ["meshes"] as const,
  users: ["users"] as const,
  invites: ["invites"] as const,
  tokens: ["tokens"] as const,
  trust: ["trust"] as const,
  mesh: (mesh: string, ...rest: readonly unknown[]) => ["mesh", mesh, ...rest] as const,
};

const partsTouchedBy: Record<string, readonly string[]> = {
  draft: ["draft", "findings", "topology", "history"],
  deployment: ["deployments", "deployment", "environments", "proxies", "topology", "events"],
  proxy: ["proxies", "topology", "deployments", "deployment"],
  signals: ["signals", "topology"],
  event: ["events", "reviews", "review"],
  check: ["checks"],
  presence: ["presence"],
};

export function keysTouchedBy(event: LiveEvent): (readonly unknown[])[] {
  const parts = partsTouchedBy[event.type] ?? [];
  if (event.mesh) {
    const mesh = event.mesh;
    return parts.map((part) => keys.mesh(mesh, part));
  }
  return parts.length > 0 ? [["mesh"]] : [];
}
