// Gateway -> Gateway, listener by listener.
// The rule: a listener that ends TLS in a way that a mesh has no word for is taken over in plain HTTP, and says so; one of another protocol
// is kept whole.
import { certificateName, keyOf, type Listener, type Protocol } from "@/lib/mesh";
import { labelsAt, namespacesMeant } from "../kubernetes/selectors";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { type Fields, isRecord, type Sink } from "../shared/fields";
import { keepWhole } from "../shared/verbatim";
import { withClients } from "./frontend";
import type { GatewayState, ListenerInfo } from "./state";

export function importGateway(state: GatewayState) {
  return (context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    const result = understood(resource);
    const infos: ListenerInfo[] = [];
    const read = spec.list("listeners").flatMap((fields, i) => {
      const one = readListener(context, resource, fields, i, sink);
      if (!one) return [];
      infos.push(one.info);
      return [one.listener];
    });
    const listeners = withClients(context, resource, spec, read);
    spec.keepRest();
    context.assumeNamespace(resource.namespace);
    const key = keyOf("Gateway", resource.namespace, resource.name);
    state.listeners.set(key, infos);
    if (listeners.length === 0) {
      const message = "has no listener that a mesh has a word for: it is kept whole, without effect here";
      context.warn(resource, ["spec", "listeners"], message, "Leave it to Gateway API.", {
        verdict: "lost",
        changesMeaning: true,
      });
      keepWhole(context, resource);
      return result;
    }
    const existing = context.get(key);
    const current = existing?.kind === "Gateway" ? existing : undefined;
    const { owner, description, serviceAccount } = current?.spec ?? {};
    const gateway = {
      type: current?.spec.type ?? ("ingress" as const),
      ...(serviceAccount === undefined ? {} : { serviceAccount }),
      ...(owner === undefined ? {} : { owner }),
      ...(description === undefined ? {} : { description }),
      listeners,
    };
    result.objects.push(context.put("Gateway", resource.name, gateway, { resource, sink }, current));
    const words = listeners.map(({ port, hosts }) => `${hosts.join(", ")} on port ${port}`);
    result.sentences.push(`gateway for ${words.join("; ")}.`);
    return result;
  };
}

/** TLS that is passed on as it is, by the server name. */
function isPassthrough(fields: Fields): boolean {
  const tls = fields.peek("tls");
  if (!isRecord(tls) || tls["mode"] !== "Passthrough") return false;
  if (Object.keys(tls).length === 1) fields.take("tls");
  return true;
}

/** HTTPS that ends here, with one Secret of the gateway's own namespace and nothing else to say. */
function certificateOf(fields: Fields): { certificate: string } | undefined {
  const tls = fields.peek("tls");
  if (!isRecord(tls) || (tls["mode"] ?? "Terminate") !== "Terminate") return undefined;
  const refs = tls["certificateRefs"];
  if (!Array.isArray(refs) || refs.length !== 1 || Object.keys(tls).some((key) => !TERMINATE.has(key)))
    return undefined;
  const [ref] = refs;
  if (!isRecord(ref) || !isSecret(ref) || ref["namespace"] !== undefined) return undefined;
  const certificate = certificateName.safeParse(ref["name"]);
  if (!certificate.success) return undefined;
  fields.take("tls");
  return { certificate: certificate.data };
}

const TERMINATE: ReadonlySet<string> = new Set(["mode", "certificateRefs"]);

const isSecret = (ref: Record<string, unknown>) =>
  (ref["kind"] ?? "Secret") === "Secret" && (ref["group"] ?? "") === "";

const PROTOCOLS: Record<string, Protocol> = { HTTP: "http", HTTPS: "http", TLS: "tcp", TCP: "tcp" };

function readListener(
  context: ImportContext,
  resource: Resource,
  fields: Fields,
  i: number,
  sink: Sink,
): { listener: Listener; info: ListenerInfo } | undefined {
  const written = fields.everything();
  const name = fields.text("name");
  const port = fields.number("port");
  const protocol = fields.text("protocol");
  const hostname = fields.text("hostname");
  const isPassed = protocol === "TLS" && isPassthrough(fields);
  const tls = protocol === "HTTPS" ? certificateOf(fields) : undefined;
  const own = isPassed ? "tls" : tls ? "https" : protocol === undefined ? undefined : PROTOCOLS[protocol];
  if (name === undefined || port === undefined || protocol === undefined) {
    fields.problem(undefined, "lacks its name, port or protocol", "Write all three.");
    return undefined;
  }
  if (!own) {
    const message = `listener ${name} speaks ${protocol}, which has no counterpart in the model: it is kept, without effect here`;
    context.warn(resource, fields.path, message, "Leave it to Gateway API.", { verdict: "lost" });
    sink.kept.push({ path: ["spec", "listeners", i], value: written });
    return undefined;
  }
  const isTls = !isPassed && (protocol === "HTTPS" || protocol === "TLS");
  if (isTls && !tls) {
    const how = protocol === "HTTPS" ? "in plain HTTP" : "as TCP";
    const message = `listener ${name} is taken over ${how}: the model has HTTPS with one certificate of the gateway's namespace`;
    context.warn(
      resource,
      [...fields.path, "protocol"],
      message,
      "What is written there is kept and written back on export.",
      {
        changesMeaning: true,
      },
    );
    fields.keep("protocol", protocol);
  }
  const allowed = fields.peek("allowedRoutes");
  fields.keepRest();
  const hosts = [hostname === undefined || hostname === "" ? "*" : hostname];
  const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name) && name.length <= 63;
  if (!label) fields.keep("name", name);
  return {
    listener: { name: label ? name : `listener-${i}`, port, protocol: own, hosts, ...(tls ? { tls } : {}) },
    info: {
      name,
      port,
      protocol: own,
      hosts,
      isTls,
      allows: (namespace) => allows(context, resource, allowed, namespace),
    },
  };
}

/** Routes of which namespaces may attach; without a word only those of the gateway's own. */
function allows(context: ImportContext, resource: Resource, allowed: unknown, namespace: string): boolean {
  const rule = isRecord(allowed) && isRecord(allowed["namespaces"]) ? allowed["namespaces"] : {};
  if (namespace === resource.namespace && rule["from"] !== "Selector" && rule["from"] !== "None") return true;
  if (rule["from"] === "All") return true;
  if (rule["from"] !== "Selector") return false;
  const selector = isRecord(rule["selector"]) ? rule["selector"] : {};
  // a selector by expressions is taken to allow: leaving a route out would be the larger change
  if (selector["matchExpressions"] !== undefined) return true;
  const labels = labelsAt(selector["matchLabels"]) ?? {};
  return namespacesMeant(context, labels).includes(namespace);
}
