// A policy on a gateway, in and out: by the labels of the gateway's pods, or by name (targetRefs) for a Gateway of Gateway API.
// The rule: only CUSTOM is read there; the model's gateways authorize nobody themselves. One gateway, or the policy is not read.
import { type Gateway, keyOf, type PolicyTarget } from "@/lib/mesh";
import { GROUP } from "../gateway-api/state";
import { type Labels, labelsAt } from "../kubernetes/selectors";
import type { ImportContext, Resource } from "../shared/context";
import { type Fields, isRecord } from "../shared/fields";

/** Undefined: it means no gateway, or several; nothing is taken then. */
export function gatewayMeant(context: ImportContext, resource: Resource, spec: Fields): PolicyTarget | undefined {
  const refs = targetRefsOf(spec);
  if (refs.length > 0) {
    const name = refs.length === 1 ? gatewayNamed(context, resource, refs[0]) : undefined;
    if (name === undefined) return undefined;
    spec.take("targetRef");
    spec.take("targetRefs");
    return { gateway: name };
  }
  const selector = spec.peek("selector");
  const labels = labelsAt(isRecord(selector) ? selector["matchLabels"] : undefined) ?? {};
  if (Object.keys(labels).length === 0) return undefined;
  const [gateway, ...more] = context.all("Gateway").filter((each) => isSelected(each, labels));
  if (!gateway || more.length > 0) return undefined;
  spec.take("selector");
  const { name, namespace } = gateway.metadata;
  return namespace === resource.namespace ? { gateway: name } : { namespace, gateway: name };
}

function targetRefsOf(spec: Fields): Record<string, unknown>[] {
  const [one, several] = [spec.peek("targetRef"), spec.peek("targetRefs")];
  return [...(Array.isArray(several) ? several : []), ...(one === undefined ? [] : [one])].filter(isRecord);
}

/** Of Gateway API, and there: gateways of a text are read after its policies. */
function gatewayNamed(
  context: ImportContext,
  { namespace }: Resource,
  ref: Record<string, unknown> | undefined,
): string | undefined {
  const name = ref?.["name"];
  if (typeof name !== "string" || ref?.["kind"] !== "Gateway" || ref["group"] !== GROUP) return undefined;
  const isRead = context.resources.some(
    (each) =>
      each.kind === "Gateway" &&
      each.name === name &&
      each.namespace === namespace &&
      each.apiVersion.startsWith(`${GROUP}/`),
  );
  return isRead || context.get(keyOf("Gateway", namespace, name)) ? name : undefined;
}

/** Its pods have at least the labels by which it selects them. */
function isSelected(gateway: Gateway, labels: Labels): boolean {
  const own = selectorOfGateway(gateway);
  return own !== undefined && Object.entries(labels).every(([name, value]) => own[name] === value);
}

const selectorOfGateway = ({ metadata: { origin } }: Gateway): Labels | undefined =>
  origin?.dialect === "istio" ? labelsAt(origin.kept?.find(({ path }) => path === "spec.selector")?.value) : undefined;

/** The labels of the pods of a gateway that came from somewhere else. */
export const assumedLabels = ({ spec: { type } }: Gateway): Labels => ({
  istio: type === "egress" ? "egressgateway" : type === "east-west" ? "eastwestgateway" : "ingressgateway",
});

/** What a policy says of its gateway; `isAssumed`: by labels that its pods most likely have. */
export function gatewayTarget(gateway: Gateway): { said: Record<string, unknown>; isAssumed: boolean } {
  const { origin, name } = gateway.metadata;
  if (origin?.dialect === "gateway-api") {
    return { said: { targetRefs: [{ group: GROUP, kind: "Gateway", name }] }, isAssumed: false };
  }
  const known = selectorOfGateway(gateway);
  return { said: { selector: { matchLabels: known ?? assumedLabels(gateway) } }, isAssumed: known === undefined };
}
