// The versions of a service: what is drawn, and what answered.
import type { SignalsDto } from "@/components/api-client";
import {
  absent,
  type Column,
  DataTable,
  EmptyState,
  failureRatio,
  formatMs,
  formatPercent,
  formatTraffic,
  Panel,
  plural,
} from "@/components/ui";
import { buildIndex, type MeshDocument, objectKey, type Service, type Workload } from "@/lib/mesh";

interface Row {
  version: string;
  workloads: readonly Workload[];
  measured: SignalsDto["versions"][number] | undefined;
}

const columns: readonly Column<Row>[] = [
  { title: "Version", cell: ({ version }) => <b>{version}</b> },
  { title: "Runs as", folded: "line", cell: ({ workloads }) => runsAs(workloads) },
  { title: "Share", isNumber: true, cell: ({ measured }) => formatPercent(measured?.share) },
  { title: "Traffic", isNumber: true, cell: ({ measured }) => (measured ? formatTraffic(measured.now) : absent) },
  {
    title: "Errors",
    isNumber: true,
    cell: ({ measured }) => formatPercent(measured && failureRatio(measured.now)),
  },
  { title: "p99", isNumber: true, cell: ({ measured }) => formatMs(measured?.now.p99) },
];

function runsAs(workloads: readonly Workload[]): string {
  if (workloads.length === 0) return "seen, not drawn";
  const replicas = workloads.reduce((sum, each) => sum + (each.spec.replicas ?? 1), 0);
  return `${workloads.map((each) => each.metadata.name).join(", ")} · ${plural(replicas, "instance")}`;
}

export function VersionsTable(props: { document: MeshDocument; service: Service; signals: SignalsDto | undefined }) {
  const workloads = buildIndex(props.document).workloadsOf(objectKey(props.service));
  const measured = new Map(props.signals?.versions.map((each) => [each.version, each]));
  const drawn = [...new Set(workloads.map((each) => each.spec.version))];
  const versions = [...drawn, ...[...measured.keys()].filter((each) => !drawn.includes(each))];
  const rows = versions.map((version) => ({
    version,
    workloads: workloads.filter((each) => each.spec.version === version),
    measured: measured.get(version),
  }));
  return (
    <Panel title="Versions" hint="Over the whole time that is shown" flush>
      {versions.length === 0 ? (
        <EmptyState title="No workload">The name exists, nothing runs behind it.</EmptyState>
      ) : (
        <DataTable label="Versions" columns={columns} rows={rows} keyOf={({ version }) => version} minWidth={560} />
      )}
    </Panel>
  );
}
