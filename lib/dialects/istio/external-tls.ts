// tls and proxyProtocol of a DestinationRule for hosts outside the mesh <-> those of an ExternalService.
// The rule: names are written out on export, because what Istio takes where they are missing depends on its settings.
import {
  clientNames,
  type ExternalService,
  type ExternalTls,
  isSameJson,
  type ServicePort,
  serverName,
} from "@/lib/mesh";
import type { ImportContext, Resource, Understood } from "../shared/context";
import type { ExportContext } from "../shared/export-context";
import { type Fields, isRecord } from "../shared/fields";
import { hostNames } from "./export-route";

const LOST = { verdict: "lost", changesMeaning: true } as const;

export function externalOfHost(context: ImportContext, host: string): ExternalService | undefined {
  return context.all("ExternalService").find(({ spec }) => spec.hosts.includes(host));
}

/** What the rule says beside tls and proxyProtocol is left out, and told. */
export function importExternalRule(
  context: ImportContext,
  resource: Resource,
  spec: Fields,
  called: Called,
  result: Understood,
): Understood {
  const { external, host } = called;
  const policy = spec.object("trafficPolicy");
  const rule: Rule = {
    tls: policy?.take("tls"),
    portLevelSettings: policy?.take("portLevelSettings"),
    proxyProtocol: policy?.take("proxyProtocol"),
    isForSome: spec.has("workloadSelector"),
  };
  const rest = [...spec.names(), ...(policy?.names() ?? []).map((name) => `trafficPolicy.${name}`)];
  for (const name of rest) {
    const message = `is left out: ${host} is outside the mesh, and of its rule the model has tls and proxyProtocol`;
    context.warn(resource, ["spec", ...name.split(".")], message, "Add the policy by hand.", { verdict: "lost" });
  }
  const said = {
    ...tlsOfRule(context, resource, called, rule),
    ...proxyProtocolOfRule(context, resource, called, rule),
  };
  if (Object.keys(said).length === 0) return result;
  const { tls, proxyProtocol, ...others } = { ...external.spec, ...said };
  const next = { ...others, ...(tls ? { tls } : {}), ...(proxyProtocol ? { proxyProtocol } : {}) };
  result.objects.push(context.put("ExternalService", external.metadata.name, next, undefined, external));
  if ("tls" in said) result.sentences.push(`calls to ${host} leave ${tls ? "in TLS" : "as they are"}.`);
  if (proxyProtocol) result.sentences.push(`connections to ${host} begin with the PROXY protocol.`);
  return result;
}

type Called = { external: ExternalService; host: string };
type Rule = { tls: unknown; portLevelSettings: unknown; proxyProtocol: unknown; isForSome: boolean };
const FOR_SOME = "it is for some callers, and the model has one for all";

/** Empty: it says nothing, or nothing that the model has. */
function proxyProtocolOfRule(
  context: ImportContext,
  resource: Resource,
  { external }: Called,
  { proxyProtocol, isForSome }: Rule,
): { proxyProtocol?: ExternalService["spec"]["proxyProtocol"] } {
  if (proxyProtocol === undefined) return {};
  const version = readProxyProtocol(proxyProtocol);
  const isAll = external.spec.hosts.every((host) =>
    policiesOf(context, host).some((policy) => readProxyProtocol(policy["proxyProtocol"]) === version),
  );
  const why = isForSome
    ? FOR_SOME
    : version === undefined
      ? "it has no version V1 or V2"
      : isAll
        ? undefined
        : "the hosts of its ServiceEntry differ, and the model has one for all";
  if (why === undefined) return { proxyProtocol: version };
  const fix = "Write the proxyProtocol of the external service by hand.";
  context.warn(resource, ["spec", "trafficPolicy", "proxyProtocol"], `is left out: ${why}`, fix, LOST);
  return {};
}

/** V1 where nothing is said, as in Istio. */
function readProxyProtocol(written: unknown): "v1" | "v2" | undefined {
  if (!isRecord(written)) return undefined;
  const { version = "V1", ...others } = written;
  if (Object.keys(others).length > 0) return undefined;
  return version === "V1" ? "v1" : version === "V2" ? "v2" : undefined;
}

/** What the rules for a host say of all its ports. */
const policiesOf = (context: ImportContext, host: string): Record<string, unknown>[] =>
  context.resources.flatMap(({ kind, spec }) => {
    if (kind !== "DestinationRule" || !isRecord(spec) || spec["host"] !== host) return [];
    const policy = spec["trafficPolicy"];
    return isRecord(policy) ? [policy] : [];
  });

/** Empty: it says nothing, or nothing that the model has. */
function tlsOfRule(
  context: ImportContext,
  resource: Resource,
  { external, host }: Called,
  { tls: own, portLevelSettings: byPort, isForSome }: Rule,
): { tls?: ExternalTls | undefined } {
  const path = ["spec", "trafficPolicy", own === undefined ? "portLevelSettings" : "tls"];
  const refuse = (why: string) => {
    const fix = "Write the tls of the external service by hand.";
    context.warn(resource, path, `is left out: ${why}`, fix, LOST);
    return {};
  };
  if (own === undefined && byPort === undefined) return {};
  if (isForSome) return refuse(FOR_SOME);
  const said = external.spec.ports.map((port) => ({ port, tls: tlsAt(own, byPort, port) }));
  const asked = said.filter(({ port }) => port.protocol !== "tcp").map(({ tls }) => (isMade(tls) ? tls : null));
  const [first, ...more] = asked;
  const passed = said.find(({ port, tls }) => port.protocol === "tcp" && isMade(tls));
  if (passed) {
    const message = `puts what the app says at port ${passed.port.port} into TLS, which here the app itself speaks at a tcp port`;
    context.warn(resource, path, message, "Give the port protocol HTTP in the ServiceEntry.", LOST);
  }
  if (first === undefined) return {};
  if (more.some((each) => !isSameJson(each, first))) return refuse("its ports differ, and the model has one for all");
  const tls = first === null ? undefined : readTls(first, host);
  if (typeof tls === "string") return refuse(tls);
  if (!everyHostSays(context, external, tls))
    return refuse("the hosts of its ServiceEntry differ, and the model has one for all");
  tellNames(context, resource, path, first, tls, host);
  return { tls };
}

/** Settings of a port stand instead of those of the host, whole. */
function tlsAt(own: unknown, byPort: unknown, { port }: ServicePort): unknown {
  const settings: unknown[] = Array.isArray(byPort) ? byPort : [];
  const found = settings.find((each) => isRecord(each) && isRecord(each["port"]) && each["port"]["number"] === port);
  return isRecord(found) ? found["tls"] : own;
}

const isMade = (tls: unknown): tls is Record<string, unknown> =>
  isRecord(tls) && tls["mode"] !== undefined && tls["mode"] !== "DISABLE";

/** A text says why not. */
function readTls(tls: Record<string, unknown>, host: string): ExternalTls | string {
  const { mode, sni, subjectAltNames, insecureSkipVerify, credentialName, caCertificates, ...rest } = tls;
  const { clientCertificate, privateKey, ...others } = rest;
  const [other] = Object.keys(others);
  if (mode !== "SIMPLE" && mode !== "MUTUAL") return `mode ${String(mode)} is for services of the mesh`;
  if (other !== undefined) return `the model does not have ${other}`;
  if (mode === "SIMPLE" && (clientCertificate !== undefined || privateKey !== undefined))
    return "mode SIMPLE shows no certificate, and it has one";
  const name = serverName.safeParse(sni ?? host);
  if (!name.success || name.data.includes("*")) return "it has no sni that is one name";
  const names = subjectAltNames === undefined ? undefined : clientNames.safeParse(subjectAltNames);
  if (names && !names.success) return "its subjectAltNames are no names of a certificate";
  const isSkipped = insecureSkipVerify === true;
  const isOwn = credentialName !== undefined || caCertificates !== undefined;
  const isDefault = names === undefined || isSameJson(names.data, [name.data]);
  return {
    mode: mode === "MUTUAL" ? "mutual" : "simple",
    ...(name.data === host ? {} : { sni: name.data }),
    ...(isDefault || isSkipped ? {} : { subjectAltNames: names.data }),
    ...(isOwn && !isSkipped ? { authorities: "environment" as const } : {}),
    ...(isSkipped ? { insecureSkipVerify: true } : {}),
  };
}

/** A rule is for one host, and tls here for all of an external service. */
function everyHostSays(context: ImportContext, external: ExternalService, tls: ExternalTls | undefined): boolean {
  const ports = external.spec.ports.filter(({ protocol }) => protocol !== "tcp");
  return external.spec.hosts.every((host) =>
    policiesOf(context, host).some((policy) => {
      const found = ports.map((port) => tlsAt(policy["tls"], policy["portLevelSettings"], port)).find(isMade);
      return isSameJson(found ? readTls(found, host) : null, tls ?? null);
    }),
  );
}

/** What is not written out, or is the environment's here. */
function tellNames(
  context: ImportContext,
  resource: Resource,
  path: (string | number)[],
  said: Record<string, unknown> | null | undefined,
  tls: ExternalTls | undefined,
  host: string,
): void {
  if (!said || !tls) return;
  if (tls.mode === "mutual" || tls.authorities === "environment") {
    const message = "names certificates of the cluster, which are files of the environment's binding here";
    const fix = `Say in the environment's binding of ${host} tls: { ca, chain, key }, PEM files on the machines.`;
    context.warn(resource, path, message, fix);
  }
  if (!tls.insecureSkipVerify && said["subjectAltNames"] === undefined && said["sni"] !== undefined) {
    const message = `has sni without subjectAltNames: Istio takes any name then, and here the certificate has to be for ${said["sni"]}`;
    context.warn(resource, path, message, "Say the names in subjectAltNames.");
  }
}

/** One rule for each host. */
export function exportExternalRules(context: ExportContext, external: ExternalService): void {
  const { tls, proxyProtocol, hosts } = external.spec;
  if (!tls && !proxyProtocol) return;
  const { namespace, name } = external.metadata;
  if (tls) tellCredential(context, external, tls);
  hostNames(hosts).forEach((host, i) => {
    const trafficPolicy = {
      ...(tls ? tlsPolicy(external, tls, host) : {}),
      ...(proxyProtocol ? { proxyProtocol: { version: proxyProtocol.toUpperCase() } } : {}),
    };
    const metadata = { name: `${name}-${tls ? "tls" : "proxy-protocol"}${i === 0 ? "" : `-${i + 1}`}`, namespace };
    const spec = { host, trafficPolicy };
    context.add({ apiVersion: "networking.istio.io/v1", kind: "DestinationRule", metadata, spec }, undefined);
  });
}

const isCredential = ({ mode, authorities }: ExternalTls) => mode === "mutual" || authorities === "environment";
const credentialOf = ({ metadata }: ExternalService) => `${metadata.name}-tls`;

function tellCredential(context: ExportContext, external: ExternalService, tls: ExternalTls): void {
  if (!isCredential(tls)) return;
  const whose = tls.mode === "mutual" && tls.authorities !== "environment" ? ", with public authorities as ca.crt" : "";
  const reason = `certificates are of Secret ${credentialOf(external)} in Istio${whose}, which sidecars read where a workloadSelector names them; else write clientCertificate, privateKey and caCertificates as files`;
  context.lose(external, ["spec", "tls"], "approximate", reason, { changesMeaning: true });
}

function tlsPolicy(external: ExternalService, tls: ExternalTls, host: string): object {
  const sni = tls.sni ?? host;
  const said = {
    mode: tls.mode === "mutual" ? "MUTUAL" : "SIMPLE",
    ...(isCredential(tls) ? { credentialName: credentialOf(external) } : {}),
    sni,
    ...(tls.insecureSkipVerify ? { insecureSkipVerify: true } : { subjectAltNames: tls.subjectAltNames ?? [sni] }),
  };
  const { ports } = external.spec;
  const own = ports.filter(({ protocol }) => protocol !== "tcp");
  return own.length === ports.length
    ? { tls: said }
    : { portLevelSettings: own.map(({ port }) => ({ port: { number: port }, tls: said })) };
}
