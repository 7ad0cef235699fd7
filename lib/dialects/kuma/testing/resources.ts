// Resources of Kuma and Kubernetes as tests write them down, and reading them.
import { valuesToYaml } from "@/lib/mesh";
import { imported } from "../../testing/imported";

export const read = (values: object[]) => imported("kuma", [{ text: valuesToYaml(values), file: "kuma.yaml" }]);
export const service = (name: string, namespace = "shop") => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: { selector: { app: name }, ports: [{ name: "http", port: 80, appProtocol: "http" }] },
});
export const policy = (kind: string, name: string, spec: object, namespace = "kuma-system") => ({
  apiVersion: "kuma.io/v1alpha1",
  kind,
  metadata: { name, namespace, labels: { "kuma.io/mesh": "default" } },
  spec,
});
export const to = (name: string, body: object) => ({
  targetRef: { kind: "MeshService", name, namespace: "shop" },
  default: body,
});
export const all = (body: object) => ({ targetRef: { kind: "Mesh" }, default: body });
