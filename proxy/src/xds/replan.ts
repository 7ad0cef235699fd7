// A plan again, from what another process made it of. Rule: that process has accepted it; what cannot be made here is a refusal all the same.

import { type DescMessage, fromBinary, type Message } from "@bufbuild/protobuf";
import { BootstrapSchema, NodeSchema } from "../contract/messages";
import { RESOURCE_SCHEMAS, type ResourceKind, type ResourceMessages } from "../contract/resource-types";
import { plan } from "../plan/plan";
import { planBootstrap } from "../plan/plan-bootstrap";
import type { ProxyPlan, Secret, Violation } from "../plan/types";
import type { PlanOrigin } from "./config-source";
import { withControlPlane } from "./control-plane-cluster";
import { readSdsSecrets } from "./sds";
import { IDENTITY_SECRET, identitySecret, readSecrets } from "./static-source";

export type Replanned =
  | { readonly ok: true; readonly plan: ProxyPlan; readonly secrets: Map<string, Secret> }
  | { readonly ok: false; readonly violations: readonly Violation[] };

export function replan(origin: PlanOrigin): Replanned {
  const made = origin.kind === "static" ? fromBootstrap(origin) : fromResources(origin);
  if (made.ok && origin.identity) made.secrets.set(IDENTITY_SECRET, identitySecret(origin.identity));
  return made;
}

function fromBootstrap({ bootstrap, identity }: Extract<PlanOrigin, { kind: "static" }>): Replanned {
  const elsewhere = identity ? [IDENTITY_SECRET] : [];
  const planned = planBootstrap(fromBinary(BootstrapSchema, bootstrap), elsewhere);
  if (!planned.ok) return planned;
  const { secrets, violations } = readSecrets(planned.result, elsewhere);
  return violations.length > 0 ? { ok: false, violations } : { ok: true, plan: planned.result, secrets };
}

function fromResources(origin: Extract<PlanOrigin, { kind: "ads" }>): Replanned {
  const of = <K extends ResourceKind>(kind: K): Map<string, ResourceMessages[K]> => {
    const schema: DescMessage = RESOURCE_SCHEMAS[kind];
    const found = origin.resources.filter(([each]) => each === kind);
    return new Map(found.map(([, name, bytes]) => [name, fromBinary(schema, bytes) as Message as ResourceMessages[K]]));
  };
  const { admin, localCluster, overload, controlPlane } = origin;
  const planned = plan(
    { listeners: of("listener"), routes: of("route"), clusters: of("cluster"), endpoints: of("endpoint") },
    { node: fromBinary(NodeSchema, origin.node), admin, localCluster, overload, areSecretsDiscovered: true },
  );
  if (!planned.ok) return planned;
  const whole = withControlPlane(planned.plan, controlPlane);
  const sds = readSdsSecrets(of("secret"));
  if (!sds.ok) return sds;
  const { secrets, violations } = readSecrets(whole, [IDENTITY_SECRET, ...sds.secrets.keys()]);
  if (violations.length > 0) return { ok: false, violations };
  return { ok: true, plan: whole, secrets: new Map([...secrets, ...sds.secrets]) };
}
