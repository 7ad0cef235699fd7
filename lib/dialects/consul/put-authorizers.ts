// Extensions builtin/ext-authz of ServiceDefaults and ProxyDefaults -> authorizers of the mesh, and a policy for each service that asks.
// The rule: what cannot be read is kept, all extensions of its entry with it: their order is part of what they do.
import { type Authorizer, isSameJson, keyOf, objectKey, type PolicyTarget } from "@/lib/mesh";
import type { Resource } from "../shared/context";
import { type Asking, EXT_AUTHZ, isExtAuthz, readExtension } from "./ext-authz";
import type { World } from "./put-routes";
import type { Extensions } from "./state";

const PATH = ["spec", "envoyExtensions"];

export function putAuthorizers(world: World): void {
  for (const extensions of world.state.extensions) putExtensions(world, extensions);
}

function putExtensions(world: World, { part, values }: Extensions): void {
  const { context, places, state } = world;
  const own = values.filter(isExtAuthz);
  const { resource } = part;
  const isGlobal = resource.kind === "ProxyDefaults";
  const service = isGlobal ? undefined : places.service(resource.name, resource, ["metadata", "name"]);
  const isTcp = !isGlobal && state.protocolOf(resource.name) === "tcp";
  const asking = own.flatMap((each) => readExtension(each) ?? []);
  const authorizers = asking.flatMap((each) => authorizerOf(world, resource, each) ?? []);
  const isRead = own.length > 0 && authorizers.length === own.length && (isGlobal || (service && !isTcp));
  const rest = isRead ? values.filter((each) => !isExtAuthz(each)) : values;
  if (rest.length > 0) part.kept.push({ path: PATH, value: rest });
  if (!isRead) return;
  const names = putInMesh(world, authorizers);
  const target: PolicyTarget = service ? { service: service.metadata.name } : {};
  const namespace = service?.metadata.namespace ?? resource.namespace;
  for (const [i, authorizer] of names.entries()) {
    const base = service ? `ext-authz-${service.metadata.name}` : "ext-authz";
    const name = i === 0 ? base : `${base}-${i + 1}`;
    const { labels: _labels, annotations: _annotations, ...source } = resource;
    const existing = context.find("AuthorizationPolicy", keyOf("AuthorizationPolicy", namespace, name));
    // an extension is asked about every request
    const spec = { target, action: "custom" as const, authorizer, rules: [{}] };
    context.assumeNamespace(namespace);
    part.result.objects.push(
      context.put("AuthorizationPolicy", name, spec, { resource: { ...source, namespace } }, existing),
    );
    part.result.sentences.push(`${service?.metadata.name ?? "every service"} asks ${authorizer} about each request.`);
  }
  tellTcp(world, part.resource, isGlobal);
}

/** Undefined: it is no service that can answer here. */
function authorizerOf({ context, places }: World, resource: Resource, asking: Asking): Authorizer | undefined {
  const found = places.service(asking.service, resource, PATH);
  if (!found) return undefined;
  const wanted = asking.protocol === "grpc" ? ["grpc", "http2"] : ["http", "http2", "grpc"];
  const { name, namespace } = found.metadata;
  const port = context.find("Service", objectKey(found))?.spec.ports.find(({ protocol }) => wanted.includes(protocol));
  if (!port) {
    const message = `asks ${asking.service}, which does not speak ${asking.protocol} by its ServiceDefaults: it is not read`;
    context.warn(resource, PATH, message, `Set its protocol to ${asking.protocol}.`, {
      verdict: "lost",
      changesMeaning: true,
    });
    return undefined;
  }
  const { protocol, pathPrefix } = asking;
  const address = {
    target: { kind: "Service" as const, namespace, name },
    port: port.port,
    protocol,
    ...(pathPrefix === undefined ? {} : { pathPrefix }),
  };
  return { name: asking.service, address, ...asking.authorizer };
}

/** The names by which policies call them: another one of the same service gets a number. */
function putInMesh({ context }: World, wanted: readonly Authorizer[]): string[] {
  const [mesh] = context.all("Mesh");
  if (!mesh) return wanted.map(({ name }) => name);
  const known = [...(mesh.spec.authorizers ?? [])];
  const names = wanted.map((authorizer) => {
    const isTaken = (name: string) =>
      known.some((each) => each.name === name && !isSameJson(each, { ...authorizer, name }));
    let { name } = authorizer;
    for (let i = 2; isTaken(name); i++) name = `${authorizer.name}-${i}`;
    if (!known.some((each) => each.name === name)) known.push({ ...authorizer, name });
    return name;
  });
  context.put("Mesh", mesh.metadata.name, { ...mesh.spec, authorizers: known }, undefined, mesh);
  return names;
}

function tellTcp({ context, places, state }: World, resource: Resource, isGlobal: boolean): void {
  const tcp = isGlobal ? places.names().filter((name) => state.protocolOf(name) === "tcp") : [];
  if (tcp.length === 0) return;
  const message = `${EXT_AUTHZ} is asked about connections of ${tcp.slice(0, 4).join(", ")} in Consul; here nobody can be asked about them, so they are refused`;
  const fix = "Set the extension in the ServiceDefaults of services that speak HTTP.";
  context.warn(resource, PATH, message, fix, { changesMeaning: true });
}
