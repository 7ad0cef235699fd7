// Templates that protect: strict mutual TLS, who may call, what nobody may call, and what may leave the mesh.
import type { MeshIndex } from "../../index-document";
import { objectKey, refKey } from "../../refs";
import type { AuthorizationPolicy, Ref, Service } from "../../types";
import { listWords } from "../words";
import {
  adding,
  built,
  callerRef,
  freeName,
  newObject,
  type PolicyTemplate,
  refused,
  serviceOf,
  type TemplateInput,
  type TemplateResult,
} from "./template";

export const strictMutualTls: PolicyTemplate = {
  id: "strict-mtls",
  title: "Strict mutual TLS",
  intent: "Takes encrypted calls from a proved identity only; plain text is refused.",
  family: "mutual-tls",
  needs: ["service-or-mesh"],
  build(index, input) {
    const service = serviceOf(index, input.to);
    const namespace = service?.metadata.namespace ?? index.namespaces[0];
    if (namespace === undefined) return refused("Draw a service first: a policy lives in a namespace.");
    const existing = index.all("MutualTls").find((each) => {
      const { service: name, namespace: inside } = each.spec.target ?? {};
      if (!service) return name === undefined && inside === undefined;
      return name === service.metadata.name && (inside ?? each.metadata.namespace) === namespace;
    });
    if (existing) {
      const key = objectKey(existing);
      return built(
        existing.spec.mode === "strict" ? [] : [{ type: "patchSpec", key, path: ["mode"], value: "strict" }],
        key,
        "Strict mutual TLS",
      );
    }
    const name = freeName(index, "MutualTls", namespace, service ? `${service.metadata.name}-strict` : "strict");
    const target = service ? { target: { service: service.metadata.name } } : {};
    const object = newObject("MutualTls", namespace, name, { ...target, mode: "strict" });
    return built(adding(object), objectKey(object), "Strict mutual TLS");
  },
};

export const onlyCallers: PolicyTemplate = {
  id: "only-callers",
  title: "Only these callers",
  intent: "Allows the callers you choose, and refuses the drawn ones that you do not.",
  family: "authorization",
  needs: ["service", "callers"],
  build(index, input) {
    const service = serviceOf(index, input.to);
    if (!service) return refused("Choose the service that is protected.");
    const callers = refs(index, input.from, service);
    if (callers.length === 0) return refused("Choose at least one caller.");
    const { name } = service.metadata;
    const allow = authorization(index, service, `${name}-callers`, "allow", { from: [{ services: callers }] });
    const others = index.mesh?.spec.defaults.authorization === "drawn" ? drawnOthers(index, service, input.from) : [];
    const deny = authorization(index, service, `${name}-other-callers`, "deny", { from: [{ services: others }] });
    return built(
      adding(...(others.length > 0 ? [deny] : []), allow),
      objectKey(allow),
      `Only ${listWords(callers.map((each) => each.name))}`,
    );
  },
};

export const requireToken: PolicyTemplate = {
  id: "require-token",
  title: "Ask for a token",
  intent: "Takes requests with a JSON Web Token of your issuer only; one without a token is refused too.",
  family: "authorization",
  needs: ["service"],
  build(index, input) {
    const service = serviceOf(index, input.to);
    if (!service) return refused("Choose the service that is protected.");
    const { name, namespace } = service.metadata;
    const wanted = `${name}-without-token`;
    const deny = authorization(index, service, wanted, "deny", { from: [{ notRequestPrincipals: ["*"] }] });
    const [existing] = index.authenticationsOn(objectKey(service));
    if (existing) return adds(deny);
    const issuer = "https://issuer.example";
    const free = freeName(index, "RequestAuthentication", namespace, `${name}-tokens`);
    const tokens = newObject("RequestAuthentication", namespace, free, {
      target: { service: name },
      jwtRules: [{ issuer, jwksUri: `${issuer}/.well-known/jwks.json` }],
    });
    return built(adding(tokens, deny), objectKey(tokens), "Ask for a token");
  },
};

export const denyCaller: PolicyTemplate = {
  id: "deny-caller",
  title: "Forbid a caller",
  intent: "Refuses the callers you choose, whatever else allows them.",
  family: "authorization",
  needs: ["service", "callers"],
  build(index, input) {
    const service = serviceOf(index, input.to);
    if (!service) return refused("Choose the service that is protected.");
    return ofCallers(index, service, input, "deny");
  },
};

export const allowCall: PolicyTemplate = {
  id: "allow-call",
  title: "Allow a call",
  intent: "Lets the callers you choose use a path that was refused, and nothing else.",
  family: "authorization",
  needs: ["service", "callers", "path", "method"],
  build(index, input) {
    const service = serviceOf(index, input.to);
    if (!service) return refused("Choose the service that is called.");
    return ofCallers(index, service, input, "allow");
  },
};

export const denyPath: PolicyTemplate = {
  id: "deny-path",
  title: "Deny a path",
  intent: "Nobody may use a path inside the mesh, as an admin page or a debug endpoint.",
  family: "authorization",
  needs: ["service", "path", "method"],
  build(index, input) {
    const service = serviceOf(index, input.to);
    if (!service) return refused("Choose the service that has the path.");
    if (!input.path?.startsWith("/"))
      return refused("Write the path, beginning with /; a * at the end takes all below it.");
    const wanted = `${service.metadata.name}-no${input.path.replace(/[^a-z0-9]+/gi, "-").toLowerCase()}`;
    return adds(authorization(index, service, wanted, "deny", operations(input.path, input.method)));
  },
};

export const egressToHost: PolicyTemplate = {
  id: "egress",
  title: "Egress to a host",
  intent: "Opens the way to one external service, with an owner and a reason.",
  family: "egress",
  needs: ["external", "callers"],
  build(index, input) {
    const external = input.to === undefined ? undefined : index.find("ExternalService", input.to);
    if (!external) return refused("Choose the external service; draw it on the topology when it is not there.");
    const namespace = external.metadata.namespace;
    const callers = input.from.flatMap((key) => callerRef(index, key, namespace) ?? []);
    const existing = index.egressesTo(objectKey(external))[0];
    if (existing) {
      const known = new Set((existing.spec.from ?? []).map((each) => refKey(each, existing)));
      const more = input.from.filter((key) => !known.has(key));
      const added = more.flatMap((key) => callerRef(index, key, existing.metadata.namespace) ?? []);
      const key = objectKey(existing);
      const value = [...(existing.spec.from ?? []), ...added];
      return built(added.length > 0 ? [{ type: "patchSpec", key, path: ["from"], value }] : [], key, "Egress");
    }
    const object = newObject("Egress", namespace, freeName(index, "Egress", namespace, external.metadata.name), {
      ...(callers.length > 0 ? { from: callers } : {}),
      to: { kind: "ExternalService", name: external.metadata.name },
      ...(external.spec.owner === undefined ? {} : { owner: external.spec.owner }),
    });
    return built(adding(object), objectKey(object), "Egress");
  },
};

/** One rule about chosen callers, and about a path or a method where they are given. */
function ofCallers(index: MeshIndex, service: Service, input: TemplateInput, action: "allow" | "deny"): TemplateResult {
  const callers = refs(index, input.from, service);
  const [first] = callers;
  if (!first) return refused("Choose at least one caller.");
  const wanted = `${service.metadata.name}-${action === "deny" ? "not-from" : "from"}-${first.name}`;
  const rule = { from: [{ services: callers }], ...operations(input.path, input.method) };
  return adds(authorization(index, service, wanted, action, rule));
}

function authorization(
  index: MeshIndex,
  service: Service,
  wanted: string,
  action: "allow" | "deny",
  rule: AuthorizationPolicy["spec"]["rules"][number],
): AuthorizationPolicy {
  const { name, namespace } = service.metadata;
  return newObject("AuthorizationPolicy", namespace, freeName(index, "AuthorizationPolicy", namespace, wanted), {
    target: { service: name },
    action,
    rules: [rule],
  });
}

function adds(policy: AuthorizationPolicy): TemplateResult {
  return built(adding(policy), objectKey(policy), "Authorization");
}

function operations(path: string | undefined, method: string | undefined) {
  if (!path && !method) return {};
  return { to: [{ ...(method ? { methods: [method] } : {}), ...(path ? { paths: [path] } : {}) }] };
}

function refs(index: MeshIndex, keys: readonly string[], service: Service): Ref[] {
  return keys.flatMap((key) => callerRef(index, key, service.metadata.namespace) ?? []);
}

function drawnOthers(index: MeshIndex, service: Service, chosen: readonly string[]): Ref[] {
  const drawn = new Set(index.dependenciesTo(objectKey(service)).map((each) => refKey(each.spec.from, each)));
  return refs(
    index,
    [...drawn].filter((key) => !chosen.includes(key)),
    service,
  );
}
