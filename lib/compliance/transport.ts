// The mode of mutual TLS that is in force for a service and what says so: shared by the transport controls.
import { factsOf } from "@/lib/compile/facts";
import { protectionOf } from "@/lib/compile/modes";
import { objectKey, type Service } from "@/lib/mesh";
import { fail, pass } from "./results";
import { meshServices } from "./services";
import type { DesignContext, SubjectResult } from "./types";

export type Mode = "strict" | "permissive" | "disable";

/** The weakest mode of a service's ports. */
export function effectiveMode({ document }: DesignContext, service: Service): { mode: Mode; port: number | undefined } {
  const facts = factsOf(document);
  const modes = service.spec.ports.map(({ port }) => ({ port, mode: protectionOf(facts, service, port).tls }));
  const [weakest] = modes.sort((a, b) => WEAKNESS[b.mode] - WEAKNESS[a.mode]);
  return { mode: weakest?.mode ?? "strict", port: weakest?.port };
}
const WEAKNESS: Readonly<Record<Mode, number>> = { strict: 0, permissive: 1, disable: 2 };

/** One result per service: accepted when its mode is one of `accepted`. */
export function eachMode(context: DesignContext, accepted: readonly Mode[], asked: string): SubjectResult[] {
  return meshServices(context.index).map((service) => {
    const { mode, port } = effectiveMode(context, service);
    const key = objectKey(service);
    const { name } = service.metadata;
    return accepted.includes(mode)
      ? pass(key, `Mutual TLS of ${name} is ${mode}.`)
      : fail(
          key,
          `Mutual TLS of ${name} is ${mode} on port ${port}; ${asked}`,
          service.spec.mode ? "spec.mode" : "spec",
        );
  });
}
