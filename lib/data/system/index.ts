// What the control plane keeps and reads: no person asks here, so nothing checks a permission.
// The rule: only lib/control-plane, migrations and lib/data itself use this; what a person asks for goes through lib/data's own repositories.
import { openDatabase } from "../client";
import { caKeys, certificates, joinTokens } from "./ca";
import { checks } from "./checks";
import { deployments, environments, revisions } from "./deployments";
import { events } from "./events";
import { gatewayCertificates } from "./gateway-certificates";
import { leader, settings } from "./leader";
import { meshDeletions } from "./mesh-deletions";
import { agents, proxies } from "./proxies";
import { rateLimits } from "./rate-limits";
import { rootRotations } from "./root-rotations";
import { telemetry } from "./telemetry";
import { workloadJoinTokens } from "./workload-join-tokens";

export type { Channel, Listener, ListenOptions, Notice } from "../listen";
export { listen } from "../listen";
export type { CaKeyKind, CaKeyRow, CaKeyState, CertificateRow } from "./ca";
export type { CheckRunRow, CheckStep } from "./checks";
export type { DeploymentPatch, DeploymentRow, DeploymentState, EnvironmentRow, RevisionRow } from "./deployments";
export type { NewEvent } from "./events";
export type { GatewayCertificateRow } from "./gateway-certificates";
export type { LeaderRow } from "./leader";
export type { DeletionMark } from "./mesh-deletions";
export type { AgentRow, NewProxy, ProxyDesired, ProxyOrigin, ProxyPatch, ProxyRow, ProxyState } from "./proxies";
export type { RateLimitShare, RateLimitTotal } from "./rate-limits";
export type { RotationProgress, RotationRow, RotationState } from "./root-rotations";
export type { RollupRow, SaturationRow, ScrapeStateRow, ShapeRow } from "./telemetry";
export type { WorkloadJoinTokenRow } from "./workload-join-tokens";

export function createSystemData(databaseUrl: string, options: { poolSize?: number } = {}) {
  const database = openDatabase({ url: databaseUrl, ...options });
  return {
    caKeys: caKeys(database),
    certificates: certificates(database),
    joinTokens: joinTokens(database),
    workloadJoinTokens: workloadJoinTokens(database),
    rootRotations: rootRotations(database),
    rateLimits: rateLimits(database),
    proxies: proxies(database),
    agents: agents(database),
    environments: environments(database),
    gatewayCertificates: gatewayCertificates(database),
    revisions: revisions(database),
    deployments: deployments(database),
    checks: checks(database),
    events: events(database),
    telemetry: telemetry(database),
    leader: leader(database),
    settings: settings(database),
    meshDeletions: meshDeletions(database),
    /** Fails when the database does not answer. */
    async ping(): Promise<void> {
      await database.$queryRaw`SELECT 1`;
    },
    close: (): Promise<void> => database.$disconnect(),
  };
}

export type SystemData = ReturnType<typeof createSystemData>;
