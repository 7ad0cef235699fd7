// What no mesh product's own resources say, told in the report of each: the objects of Kubernetes, trust boundaries, steps of adoption.
import type { ExternalService, Service } from "@/lib/mesh";
import type { ExportContext } from "./export-context";

/** @param reason why they are not among the resources */
export function tellKubernetes(
  context: ExportContext,
  reason = "it is a resource of Kubernetes, which is applied on its own",
): void {
  for (const kind of ["Namespace", "Service", "Workload"] as const) {
    for (const object of context.index.all(kind)) context.tell(object, ["metadata"], "moved", reason);
  }
}

export function loseBoundaries(context: ExportContext, product: string): void {
  for (const boundary of context.index.all("TrustBoundary")) {
    context.lose(boundary, ["spec"], "lost", `${product} has no trust boundaries`);
  }
}

/**
 * How callers' proxies call what is outside, where a product's resources do not say it: as the app does, and by the product's own lookup.
 *
 * @param product as people name it
 * @param tls why it makes none
 * @param saysResolution it has a word for one address at a time
 */
export function loseExternalCalls(
  context: ExportContext,
  product: string,
  tls: string,
  { saysResolution = false } = {},
): void {
  for (const external of context.index.all("ExternalService")) {
    if (external.spec.tls) context.lose(external, ["spec", "tls"], "lost", tls, { changesMeaning: true });
    loseExternalConnections(context, product, external, saysResolution);
  }
}

export function loseExternalConnections(
  context: ExportContext,
  product: string,
  external: ExternalService,
  saysResolution = false,
): void {
  const { proxyProtocol, resolution } = external.spec;
  if (proxyProtocol) {
    const reason = `${product} sends no PROXY protocol: a host that expects it answers nothing, and takes others for who calls`;
    context.lose(external, ["spec", "proxyProtocol"], "lost", reason, { changesMeaning: true });
  }
  if (resolution && !saysResolution) {
    const reason = `${product} does not say how many addresses of a name are used: as its own lookup has it`;
    context.lose(external, ["spec", "resolution"], "lost", reason);
  }
}

/** A service's own step of adoption, or its way out of the mesh. */
export function loseAdoption(
  context: ExportContext,
  said: (service: Service, field: "mode" | "optOut") => { reason: string; changesMeaning?: boolean },
): void {
  for (const service of context.index.all("Service")) {
    const { mode, optOut } = service.spec;
    if (mode === undefined && optOut === undefined) continue;
    const field = optOut ? "optOut" : "mode";
    const { reason, ...words } = said(service, field);
    context.lose(service, ["spec", field], "lost", reason, words);
  }
}
