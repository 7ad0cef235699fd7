// What no mesh product's own resources say, told in the report of each: the objects of Kubernetes, trust boundaries, steps of adoption.
import type { Service } from "@/lib/mesh";
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

/** TLS to who is called outside, where a product's resources do not say it: its calls leave as the app says them. */
export function loseExternalTls(context: ExportContext, reason: string): void {
  for (const external of context.index.all("ExternalService")) {
    if (external.spec.tls) context.lose(external, ["spec", "tls"], "lost", reason, { changesMeaning: true });
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
