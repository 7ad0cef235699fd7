// tls of an ExternalService -> tls of a MeshExternalService.
// The rule: what was kept of it comes back as long as the design says what was read of it; else it is written anew.
import { type ExternalService, type ExternalTls, isSameJson, plainHost, type ServicePort } from "@/lib/mesh";
import { Fields, isRecord } from "../shared/fields";
import type { KumaExport } from "./export-refs";
import { CERTIFICATES, IPV4, isComparable, PATH, readTls } from "./external-tls";

const KEPT = "spec.tls";

/** What one port of an external service says; undefined where the app speaks for itself. */
export function writeTls(
  out: KumaExport,
  external: ExternalService,
  { protocol }: ServicePort,
  addresses: readonly string[],
): Record<string, unknown> | undefined {
  const { tls, hosts, endpoints = [] } = external.spec;
  const kept = keptTls(external);
  const [host = ""] = hosts;
  if (kept) {
    const fields = new Fields(kept, PATH, { kept: [], problems: [] });
    const before = readTls(fields, { host, protocol, addresses: endpoints.map(({ address }) => address) }).tls;
    const same = isSameJson(before ?? null, tls ?? null) && inChannel(kept, out.isThree);
    if (same) return same;
  }
  if (!tls || protocol === "tcp") return undefined;
  const name = tls.sni ?? plainHost(host);
  const certificates = writeCertificates(out, external, tls, kept);
  const verification = {
    ...(tls.insecureSkipVerify ? { mode: "SkipCA" } : { mode: "Secured" }),
    ...(IPV4.test(name) ? {} : { serverName: name }),
    ...(tls.insecureSkipVerify ? {} : writeNames(out, external, tls, name)),
    ...certificates,
  };
  if (IPV4.test(name) && addresses.some((each) => each !== name)) {
    const reason = `Kuma asks for the name of the endpoint where no other is said, and ${name} is an address`;
    out.context.loseOnce(external, PATH, "approximate", reason, { changesMeaning: true });
  }
  return { enabled: true, verification };
}

/** The name that is asked for always counts in Kuma, and no URI does. */
function writeNames({ context }: KumaExport, external: ExternalService, tls: ExternalTls, name: string): object {
  const names = tls.subjectAltNames ?? [name];
  const lost = names.filter((each) => !isComparable(each));
  const path = [...PATH, "subjectAltNames"];
  if (lost.length > 0) {
    const reason = `Kuma compares names with DNS names and addresses only: no certificate is for ${lost.join(", ")} there`;
    context.loseOnce(external, path, "lost", reason, { changesMeaning: true });
  }
  if (!names.includes(name)) {
    const reason = `Kuma takes a certificate for ${name} as well, which it asks for`;
    context.loseOnce(external, path, "approximate", reason, { changesMeaning: true });
  }
  const others = names.filter((each) => each !== name && isComparable(each));
  return others.length > 0 ? { subjectAltNames: others.map((value) => ({ type: "Exact", value })) } : {};
}

/** Those that were read, as long as the design wants them; else Secrets by name. */
function writeCertificates(
  out: KumaExport,
  external: ExternalService,
  tls: ExternalTls,
  kept: Record<string, unknown> | undefined,
): Record<string, unknown> {
  const wanted = CERTIFICATES.filter((each) =>
    each === "caCert" ? tls.authorities === "environment" : tls.mode === "mutual",
  );
  const said = isRecord(kept?.["verification"]) ? kept["verification"] : {};
  const suffix = { caCert: "ca", clientCert: "cert", clientKey: "key" };
  const missing: string[] = [];
  const sources = wanted.map((each) => {
    const own = sourceIn(said[each], out.isThree);
    if (own) return [each, own];
    const secret = `${external.metadata.name}-${suffix[each]}`;
    missing.push(secret);
    return [each, out.isThree ? { type: "Secret", secretRef: { kind: "Secret", name: secret } } : { secret }];
  });
  if (missing.length > 0) {
    const reason = `certificates are of Secrets of the mesh in Kuma: make ${missing.join(", ")}, of type system.kuma.io/secret`;
    out.context.loseOnce(external, PATH, "approximate", reason, { changesMeaning: true });
  }
  return Object.fromEntries(sources);
}

function keptTls({ metadata: { origin } }: ExternalService): Record<string, unknown> | undefined {
  if (origin?.dialect !== "kuma" || origin.kind !== "MeshExternalService") return undefined;
  const value = origin.kept?.find(({ path }) => path === KEPT)?.value;
  return isRecord(value) ? value : undefined;
}

/** What comes back by its place, without tls: that is written here. */
export function withoutKeptTls(external: ExternalService): ExternalService {
  const { origin } = external.metadata;
  if (!origin?.kept) return external;
  const kept = origin.kept.filter(({ path }) => path !== KEPT);
  return { ...external, metadata: { ...external.metadata, origin: { ...origin, kept } } };
}

/** Undefined where a certificate's place has no word in this version. */
function inChannel(tls: Record<string, unknown>, isThree: boolean): Record<string, unknown> | undefined {
  const { verification, ...rest } = tls;
  if (!isRecord(verification)) return tls;
  const own = { ...verification };
  for (const name of CERTIFICATES) {
    if (own[name] === undefined) continue;
    own[name] = sourceIn(own[name], isThree);
    if (own[name] === undefined) return undefined;
  }
  return { ...rest, verification: own };
}

/** 2.x says secret, inline (base64) and inlineString; 3.x a type with a field of that name. */
function sourceIn(source: unknown, isThree: boolean): Record<string, unknown> | undefined {
  if (!isRecord(source)) return undefined;
  if ((source["type"] !== undefined) === isThree) return source;
  if (!isThree) {
    const { secretRef, insecureInline } = source;
    if (isRecord(secretRef)) return { secret: secretRef["name"] };
    return isRecord(insecureInline) ? { inlineString: insecureInline["value"] } : undefined;
  }
  const { secret, inline, inlineString } = source;
  if (typeof secret === "string") return { type: "Secret", secretRef: { kind: "Secret", name: secret } };
  const value = typeof inline === "string" ? decoded(inline) : inlineString;
  return typeof value === "string" ? { type: "InsecureInline", insecureInline: { value } } : undefined;
}

function decoded(base64: string): string | undefined {
  try {
    return atob(base64);
  } catch {
    return undefined;
  }
}
