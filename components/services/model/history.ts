// Which events belong to a service. Rule: its proxies by their key `namespace/workload/instance`, and deployments, which reach all.
export function concerns(event: { kind: string; subject: string }, namespace: string, name: string): boolean {
  if (event.kind.startsWith("deployment.")) return true;
  const [inNamespace, workload] = event.subject.split("/");
  if (inNamespace !== namespace || workload === undefined) return false;
  return workload === name || new RegExp(`^${name}-v\\d`).test(workload);
}
