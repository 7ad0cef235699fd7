// Kubernetes as a dialect: what a mesh stands on. Read together with the resources of any mesh in the same text.
import { CATALOGUE } from "../catalogue";
import type { Dialect, Importer } from "../shared/dialect";
import { exportKubernetes } from "./export";
import { FIELDS } from "./field-verdicts";
import { importNamespace, importServiceAccount } from "./ground";
import { importNetworkPolicy } from "./network-policy";
import { importService } from "./service";
import { putDistributions } from "./traffic-distribution";
import { importWorkload } from "./workload";

const V1 = ["v1"];
// What others stand on first: namespaces, services, the pods behind them, then what speaks of pods.
const importers: Importer[] = [
  { group: "", kind: "Namespace", versions: V1, rank: 0, isClusterWide: true, run: importNamespace },
  { group: "", kind: "ServiceAccount", versions: V1, rank: 1, run: importServiceAccount },
  { group: "", kind: "Service", versions: V1, rank: 2, run: importService },
  { group: "apps", kind: "Deployment", versions: V1, rank: 3, run: importWorkload },
  { group: "apps", kind: "StatefulSet", versions: V1, rank: 3, run: importWorkload },
  { group: "batch", kind: "Job", versions: V1, rank: 3, run: importWorkload },
  { group: "batch", kind: "CronJob", versions: V1, rank: 3, run: importWorkload },
  { group: "networking.k8s.io", kind: "NetworkPolicy", versions: V1, rank: 4, run: importNetworkPolicy },
];

export const kubernetes: Dialect = {
  ...CATALOGUE.kubernetes,
  recognises: (apiVersion, kind) =>
    importers.some((each) => each.kind === kind && apiVersion === (each.group === "" ? "v1" : `${each.group}/v1`)),
  reading: () => ({ importers, finish: putDistributions }),
  exportDocument: exportKubernetes,
  fields: FIELDS,
};
