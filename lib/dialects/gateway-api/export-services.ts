// What routes of Gateway API need beside them: a Service for each version that is a backend, and grants between namespaces.
import { keyOf, parseKey, type Subset } from "@/lib/mesh";
import { labelsAt, SUBSET, SUBSET_LABELS, SUBSET_OF } from "../kubernetes/selectors";
import { portsOfService } from "../kubernetes/service-ports";
import type { Manifest } from "../shared/dialect";
import type { ExportContext } from "../shared/export-context";
import { GENERATED_LABEL } from "../shared/generated";
import { versionServiceName } from "./export-rule";
import { GROUP } from "./state";

/** A Service that selects the pods of one version; its annotations lead an import back to the subset. */
export function exportVersion(context: ExportContext, serviceKey: string, subsetName: string): void {
  const { index } = context;
  const service = index.get(serviceKey);
  const subset: Subset | undefined = index.subsetsOf(serviceKey).find((each) => each.spec.name === subsetName);
  if (service?.kind !== "Service" || !subset) return;
  const kept = service.metadata.origin?.kept?.find((each) => each.path === "spec.selector");
  const known = labelsAt(kept?.value);
  const selector = { ...(known ?? { app: service.metadata.name }), ...subset.spec.labels };
  if (subset.metadata.origin?.kind === "Service" && subset.metadata.origin.dialect === "kubernetes") {
    context.tell(subset, ["spec"], "exact", `it is the Service ${subset.metadata.origin.name}, which is there already`);
    return;
  }
  const name = versionServiceName(index, serviceKey, subsetName);
  const { namespace } = service.metadata;
  if (index.get(keyOf("Service", namespace, name))) {
    const reason = `the Service ${name} that it needs is another service of the design`;
    context.lose(subset, ["spec"], "lost", reason, { changesMeaning: true });
    return;
  }
  context.resources.push({
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name,
      namespace,
      annotations: {
        [SUBSET_OF]: service.metadata.name,
        [SUBSET]: subsetName,
        [SUBSET_LABELS]: JSON.stringify(subset.spec.labels),
      },
    },
    spec: {
      selector,
      ports: portsOfService(service),
    },
  });
  const target = `Service ${name}`;
  if (known) context.tell(subset, ["spec"], "moved", "it is a Service of its own", { target });
  else {
    const reason = `Kubernetes selects pods: label app=${service.metadata.name} is assumed on those of ${parseKey(serviceKey)?.name}`;
    context.lose(subset, ["spec"], "approximate", reason, { target });
  }
}

export type Grant = { kind: string; from: string; to: { namespace: string; name: string } };

/** Backends of another namespace: the grant belongs to their side. */
export function exportGrants(context: ExportContext, grants: readonly Grant[]): void {
  const byPair = new Map<string, Grant[]>();
  for (const grant of grants) {
    const pair = `${grant.to.namespace} ${grant.from} ${grant.kind}`;
    byPair.set(pair, [...(byPair.get(pair) ?? []), grant]);
  }
  for (const all of byPair.values()) {
    const [first] = all;
    if (!first) continue;
    const names = [...new Set(all.map(({ to }) => to.name))].sort();
    const manifest: Manifest = {
      apiVersion: `${GROUP}/v1`,
      kind: "ReferenceGrant",
      metadata: {
        name: `${first.kind.toLowerCase()}s-of-${first.from}`,
        namespace: first.to.namespace,
        labels: { [GENERATED_LABEL]: "grant" },
      },
      spec: {
        from: [{ group: GROUP, kind: first.kind, namespace: first.from }],
        to: names.map((name) => ({ group: "", kind: "Service", name })),
      },
    };
    context.resources.push(manifest);
  }
}
