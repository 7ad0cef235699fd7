// The frozen designs that proxies are served from: a deployment names a revision, a revision never changes, so both
// are read once. One rule: a proxy is served the design of its own row's deployment, whatever the newest one is.

import type { DeploymentRow } from "@/lib/data/system";
import { type MeshDocument, type MeshRoot, withKnownObjects } from "@/lib/mesh";
import { type Directory, directoryOf } from "@/lib/signals";

export interface Design {
  deploymentId: string;
  revisionId: string;
  revisionNumber: number;
  digest: string;
  document: MeshDocument;
  directory: Directory;
  trustDomain: string;
  certificateTtlMs: number;
}

const HOUR_MS = 3_600_000;

/** Where designs are read from. */
export interface DesignStore {
  deployments: { findById(id: string): Promise<Pick<DeploymentRow, "id" | "revisionId"> | null> };
  revisions: { findById<D>(id: string): Promise<{ number: number; digest: string; document: D } | null> };
}

export class Designs {
  private readonly byDeployment = new Map<string, Design>();
  private readonly byRevision = new Map<string, Omit<Design, "deploymentId">>();

  constructor(private readonly data: DesignStore) {}

  get(deploymentId: string | null): Design | null {
    return deploymentId === null ? null : (this.byDeployment.get(deploymentId) ?? null);
  }

  async load(deploymentId: string): Promise<Design | null> {
    const known = this.byDeployment.get(deploymentId);
    if (known) {
      return known;
    }
    const deployment = await this.data.deployments.findById(deploymentId);
    return deployment ? this.loadFor(deployment) : null;
  }

  async loadFor(deployment: Pick<DeploymentRow, "id" | "revisionId">): Promise<Design | null> {
    const revision = await this.loadRevision(deployment.revisionId);
    if (!revision) {
      return null;
    }
    const design = { ...revision, deploymentId: deployment.id };
    this.byDeployment.set(deployment.id, design);
    return design;
  }

  async loadRevision(revisionId: string): Promise<Omit<Design, "deploymentId"> | null> {
    const known = this.byRevision.get(revisionId);
    if (known) {
      return known;
    }
    const row = await this.data.revisions.findById<MeshDocument>(revisionId);
    if (!row) {
      return null;
    }
    const mesh = rootOf(row.document);
    const spec = mesh?.spec ?? null;
    const document = this.recognised(row.document, mesh?.metadata.name);
    const revision = {
      revisionId,
      revisionNumber: row.number,
      digest: row.digest,
      document,
      directory: directoryOf(document),
      trustDomain: spec?.trustDomain ?? "meshwright.local",
      certificateTtlMs: (spec?.certificateTtlHours ?? 24) * HOUR_MS,
    };
    this.byRevision.set(revisionId, revision);
    return revision;
  }

  /** With the objects that the last design of this mesh has as well, so that the publisher sees at once what is different. */
  private recognised(document: MeshDocument, meshName: string | undefined): MeshDocument {
    const last = [...this.byRevision.values()].findLast((each) => rootOf(each.document)?.metadata.name === meshName);
    return last ? withKnownObjects(document, last.document) : document;
  }

  /** Forgets designs that nothing is served from any more. */
  keepOnly(deploymentIds: ReadonlySet<string>): void {
    for (const deploymentId of this.byDeployment.keys()) {
      if (!deploymentIds.has(deploymentId)) {
        this.byDeployment.delete(deploymentId);
      }
    }
    const revisions = new Set([...this.byDeployment.values()].map((design) => design.revisionId));
    for (const revisionId of this.byRevision.keys()) {
      if (!revisions.has(revisionId)) {
        this.byRevision.delete(revisionId);
      }
    }
  }
}

function rootOf(document: MeshDocument): MeshRoot | undefined {
  return document.objects.find((object) => object.kind === "Mesh");
}
