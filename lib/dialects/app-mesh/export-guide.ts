// The texts beside the files: what they are, how they were used, and what the proxies would have needed.
import { type MeshIndex, serviceAccountOf, spiffeId } from "@/lib/mesh";
import type { BundleFile } from "../shared/dialect";

export function guideFiles(index: MeshIndex): BundleFile[] {
  return [
    { path: "README.md", text: readme(index) },
    { path: "manual/certificates.md", text: certificates(index) },
  ];
}

const readme = (index: MeshIndex) => `# ${index.mesh?.metadata.name ?? "A mesh"} for AWS App Mesh (retired)

**AWS App Mesh ended on 2026-09-30: nothing takes these files any more.** They are in the last form of its API (2019-01-25), to compare
with what you ran there, and to read back (\`meshwright import --from app-mesh manifests/\`).

Each file is what one call took, in the order of the folders:

\`\`\`sh
for file in manifests/2-virtual-node/*.json; do aws appmesh create-virtual-node --cli-input-json "file://$file"; done
\`\`\`

| folder | call |
| --- | --- |
| \`1-mesh\` | \`create-mesh\` |
| \`2-virtual-node\` | \`create-virtual-node\` |
| \`3-virtual-router\` | \`create-virtual-router\` |
| \`4-route\` | \`create-route\` |
| \`5-virtual-service\` | \`create-virtual-service\` |
| \`6-virtual-gateway\` | \`create-virtual-gateway\` |
| \`7-gateway-route\` | \`create-gateway-route\` |

Host names under \`serviceDiscovery\` are those of Kubernetes: write yours. \`report.md\` says what App Mesh could not say.
`;

function certificates(index: MeshIndex): string {
  const trustDomain = index.mesh?.spec.trustDomain ?? "mesh.local";
  const rows = index.all("Workload").map((workload) => {
    const { namespace, name } = workload.metadata;
    return `| \`${namespace}/${name}\` | \`${spiffeId(trustDomain, namespace, serviceAccountOf(workload) ?? name)}\` |`;
  });
  return `# Certificates

Every listener and backend names secrets of a local SDS provider, as SPIRE's agent is one. Each proxy asks for its own by its SPIFFE ID, and for
the roots by \`spiffe://${trustDomain}\`.

| virtual node | secret |
| --- | --- |
${rows.join("\n")}
`;
}
