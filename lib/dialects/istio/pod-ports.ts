// Istio's policies speak of the ports of pods, the model's of ports of services.
// The rule: a port is put in place of another only where it means the same for every service that the policy is for.
import type { AuthorizationCondition, AuthorizationRule, Service } from "@/lib/mesh";
import { podPorts } from "../kubernetes/selectors";

/** Undefined: no list of ports means the same on the other side. */
export type PortMap = (ports: readonly number[]) => number[] | undefined;

/** From ports of the pods to those of these services. */
export const toServicePorts = (services: readonly Service[]): PortMap => mapOf(services, "pod", "port");
/** And back. */
export const toPodPorts = (services: readonly Service[]): PortMap => mapOf(services, "port", "pod");

function mapOf(services: readonly Service[], from: "port" | "pod", to: "port" | "pod"): PortMap {
  // a port by name stays what it is: its number is the pod's own
  const all = services.flatMap((service) =>
    podPorts(service).map(({ port, pod }) => ({ port, pod: typeof pod === "number" ? pod : port })),
  );
  return (ports) => {
    const known = all.filter((each) => ports.includes(each[from]));
    const unknown = ports.filter((port) => !all.some((each) => each[from] === port));
    const found = [...new Set([...known.map((each) => each[to]), ...unknown])];
    const isSame = all.every((each) => found.includes(each[to]) === ports.includes(each[from]));
    return isSame ? found : undefined;
  };
}

/** Undefined: a condition on ports has no place on the other side. */
export function withPorts(rule: AuthorizationRule, map: PortMap): AuthorizationRule | undefined {
  const to = rule.to?.map((operation) => {
    const [ports, notPorts] = [operation.ports, operation.notPorts].map((each) => (each ? map(each) : []));
    if (!ports || !notPorts) return undefined;
    return {
      ...operation,
      ...(operation.ports ? { ports } : {}),
      ...(operation.notPorts ? { notPorts } : {}),
    };
  });
  const when = rule.when?.map((condition) =>
    condition.of === "targetPort" ? portCondition(condition, map) : condition,
  );
  const said = { to: to?.filter((each) => each !== undefined), when: when?.filter((each) => each !== undefined) };
  if (said.to?.length !== to?.length || said.when?.length !== when?.length) return undefined;
  return { ...rule, ...(said.to ? { to: said.to } : {}), ...(said.when ? { when: said.when } : {}) };
}

function portCondition(condition: AuthorizationCondition, map: PortMap): AuthorizationCondition | undefined {
  const mapped = (values: readonly string[] | undefined) => (values ? map(values.map(Number))?.map(String) : []);
  const [values, notValues] = [mapped(condition.values), mapped(condition.notValues)];
  if (!values || !notValues) return undefined;
  return {
    ...condition,
    ...(condition.values ? { values } : {}),
    ...(condition.notValues ? { notValues } : {}),
  };
}
