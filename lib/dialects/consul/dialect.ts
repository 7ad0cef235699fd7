// Consul as a dialect: config entries in the form of Kubernetes and in Consul's own, in; resources of Kubernetes out.
// The rule: every entry is read before any of them is understood; a call's way and its permission go over several.
import { CATALOGUE } from "../catalogue";
import type { Dialect, Reading } from "../shared/dialect";
import { importersInOrder, type KindReader } from "../shared/readers";
import { assemble } from "./assemble";
import { GROUP, refuseHcl, unwrapNative, VERSION } from "./documents";
import { exportConsul } from "./export";
import { saysAsking } from "./export-authorizers";
import { FIELDS } from "./field-verdicts";
import { importIngress } from "./gateways";
import { keptReaders } from "./kept-kinds";
import { importResolver, importRouter, importSplitter } from "./read-chain";
import { importDefaults, importMesh, importProxyDefaults } from "./read-defaults";
import { importIntentions } from "./read-intentions";
import { ConsulState } from "./state";

/** After Kubernetes, Istio and Gateway API. */
const RANK = 400;

function reading(): Reading {
  const state = new ConsulState();
  const readers: KindReader[] = [
    ["ProxyDefaults", importProxyDefaults(state)],
    ["Mesh", importMesh(state)],
    ["ServiceDefaults", importDefaults(state)],
    ["ServiceResolver", importResolver(state)],
    ["ServiceSplitter", importSplitter(state)],
    ["ServiceRouter", importRouter(state)],
    ["IngressGateway", importIngress(state)],
    ["ServiceIntentions", importIntentions(state)],
    ...keptReaders,
  ];
  const importers = importersInOrder(readers, { group: GROUP, version: VERSION, rank: RANK });
  return { importers, finish: (context) => assemble(context, state) };
}

const kinds = new Set(reading().importers.map(({ kind }) => kind));

export const consul: Dialect = {
  ...CATALOGUE.consul,
  alsoReads: ["gateway-api"],
  recognises: (apiVersion, kind) => apiVersion.startsWith(`${GROUP}/`) && kinds.has(kind),
  unwrap: unwrapNative,
  refuses: refuseHcl,
  reading,
  exportDocument: exportConsul,
  saysAsking,
  fields: FIELDS,
};
