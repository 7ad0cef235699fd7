// Resources of Consul and Kubernetes as tests write them down, and reading them.
import { valuesToYaml } from "@/lib/mesh";
import { imported } from "../../testing/imported";

export const read = (values: object[]) => imported("consul", [{ text: valuesToYaml(values), file: "consul.yaml" }]);
export const entry = (kind: string, name: string, spec: object, namespace = "shop") => ({
  apiVersion: "consul.hashicorp.com/v1alpha1",
  kind,
  metadata: { name, namespace },
  spec,
});
export const service = (name: string, namespace = "shop") => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: { selector: { app: name }, ports: [{ name: "http", port: 80, appProtocol: "http" }] },
});
export const deployment = (name: string, version = "v1", namespace = "shop") => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: `${name}-${version}`, namespace },
  spec: {
    selector: { matchLabels: { app: name, version } },
    template: {
      metadata: { labels: { app: name, version } },
      spec: { serviceAccountName: name, containers: [{ name, image: name }] },
    },
  },
});
/** A service that runs and speaks HTTP. */
export const running = (name: string) => [
  service(name),
  deployment(name),
  entry("ServiceDefaults", name, { protocol: "http" }),
];
export const intentions = (name: string, sources: object[]) =>
  entry("ServiceIntentions", name === "*" ? "everything" : name, { destination: { name }, sources });
