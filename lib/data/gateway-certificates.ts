// Certificates of gateways, as people bind them in an environment: kept here, named in the binding.
// The rule: the row and the binding's word for it change together; a sealed key is written and never read here.
import type { Principal } from "@/lib/auth/permissions";
import type { EnvironmentBinding, GatewayBinding, StoredCertificate } from "@/lib/compile/types";
import { AppError } from "@/lib/errors";
import { accessMesh, type MeshRef } from "./access";
import { type Connection, type Database, isMissingRow } from "./client";
import { type EnvironmentAsked, type EnvironmentRef, environmentOf } from "./environments";
import { toJson } from "./json";
import { actor } from "./meshes";
import { hasRevocationLists } from "./revocation-lists";
import { appendEvent } from "./system/events";

/** Of a gateway, by the name that its listeners have for it. */
export interface CertificateAsked extends EnvironmentAsked {
  namespace: string;
  gateway: string;
  certificate: string;
}

export interface KeptCertificate {
  namespace: string;
  gateway: string;
  name: string;
  chainPem: string;
  clientCaPem: string | null;
  setByName: string;
  setAt: Date;
}

/** What is new of it; absent stays as it was. */
export interface CertificateChange {
  /** Both or neither. */
  pair?: { chainPem: string; sealedKey: string };
  /** null: none any more. */
  clientCaPem?: string | null;
}

const VISIBLE = {
  ...{ namespace: true, gateway: true, name: true, chainPem: true },
  ...{ clientCaPem: true, setByName: true, setAt: true },
} as const;

export async function listGatewayCertificates(
  database: Database,
  principal: Principal,
  { slug, environment }: EnvironmentAsked,
): Promise<KeptCertificate[]> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  const { id } = await environmentOf(database, mesh, environment);
  return database.gatewayCertificate.findMany({
    where: { environmentId: id },
    select: VISIBLE,
    orderBy: [{ namespace: "asc" }, { gateway: "asc" }, { name: "asc" }],
  });
}

/** For whom may bind there: the environment, and what is kept. */
export async function readForBinding(
  database: Database,
  principal: Principal,
  { slug, environment, namespace, gateway, certificate: name }: CertificateAsked,
): Promise<{ environmentId: string; kept: KeptCertificate | null }> {
  const mesh = await accessMesh(database, principal, slug, "binding.write");
  const { id: environmentId } = await environmentOf(database, mesh, environment);
  const kept = await database.gatewayCertificate.findFirst({
    where: { environmentId, namespace, gateway, name },
    select: VISIBLE,
  });
  return { environmentId, kept };
}

/** A new one, or what is new of one. */
export async function keepGatewayCertificate(
  database: Database,
  principal: Principal,
  asked: CertificateAsked & CertificateChange & { told: Readonly<Record<string, unknown>>; at: Date },
): Promise<KeptCertificate> {
  const { namespace, gateway, certificate: name, pair, clientCaPem, told, at } = asked;
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, asked.slug, "binding.write");
    const environment = await environmentOf(connection, mesh, asked.environment);
    const place = { environmentId: environment.id, namespace, gateway, name };
    const where = { environmentId_namespace_gateway_name: place };
    const content = {
      ...pair,
      ...(clientCaPem === undefined ? {} : { clientCaPem }),
      setByName: principal.name,
      setAt: at,
    };
    const row = pair
      ? await connection.gatewayCertificate.upsert({
          where,
          create: { ...place, ...content, ...pair },
          update: content,
          select: VISIBLE,
        })
      : await connection.gatewayCertificate.update({ where, data: content, select: VISIBLE }).catch(gone(asked));
    await rebind(connection, environment, asked, wordFor(row));
    await note(connection, principal, mesh, environment, { asked, kind: "gateway-certificate.bound", payload: told });
    return row;
  });
}

/** What a binding says of it. */
function wordFor({ clientCaPem }: Pick<KeptCertificate, "clientCaPem">): StoredCertificate {
  if (clientCaPem === null) return { stored: true };
  return { stored: true, ca: true, ...(hasRevocationLists(clientCaPem) ? { crl: true as const } : {}) };
}

const gone = (asked: CertificateAsked) => (error: unknown) => {
  throw isMissingRow(error) ? notKept(asked) : error;
};

const notKept = ({ gateway, certificate, environment }: CertificateAsked) =>
  new AppError("not-found", { detail: `${gateway} has no certificate ${certificate} in ${environment}.` });

/** Also where it is in files: the gateway serves it no more. */
export async function removeGatewayCertificate(
  database: Database,
  principal: Principal,
  asked: CertificateAsked,
): Promise<void> {
  await database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, asked.slug, "binding.write");
    const environment = await environmentOf(connection, mesh, asked.environment);
    const { namespace, gateway, certificate: name } = asked;
    const { count } = await connection.gatewayCertificate.deleteMany({
      where: { environmentId: environment.id, namespace, gateway, name },
    });
    const isInFiles = ownOf(environment.binding, asked)?.certificates?.[name] !== undefined;
    if (count === 0 && !isInFiles) throw notKept(asked);
    await rebind(connection, environment, asked, null);
    await note(connection, principal, mesh, environment, { asked, kind: "gateway-certificate.removed", payload: {} });
  });
}

const ownOf = (
  { gateways }: EnvironmentBinding,
  { namespace, gateway }: CertificateAsked,
): GatewayBinding | undefined => gateways.find((each) => each.namespace === namespace && each.name === gateway);

async function rebind(
  connection: Connection,
  { id, binding, bindingVersion }: EnvironmentRef,
  asked: CertificateAsked,
  bound: StoredCertificate | null,
): Promise<void> {
  const own = ownOf(binding, asked) ?? { namespace: asked.namespace, name: asked.gateway };
  const { [asked.certificate]: _before, ...others } = own.certificates ?? {};
  const certificates = { ...others, ...(bound ? { [asked.certificate]: bound } : {}) };
  const { certificates: _all, ...rest } = own;
  const next: GatewayBinding = { ...rest, ...(Object.keys(certificates).length > 0 ? { certificates } : {}) };
  const isOther = (each: GatewayBinding) => each.namespace !== own.namespace || each.name !== own.name;
  const gateways = binding.gateways.some((each) => !isOther(each))
    ? binding.gateways.map((each) => (isOther(each) ? each : next))
    : [...binding.gateways, next];
  // The version too where the binding reads the same: proxies are told of a renewed certificate by it.
  const { count } = await connection.environment.updateMany({
    where: { id, bindingVersion },
    data: { binding: toJson({ ...binding, gateways }), bindingVersion: { increment: 1 }, updatedAt: new Date() },
  });
  if (count === 0) throw new AppError("version-mismatch", { extra: { version: bindingVersion } });
}

async function note(
  connection: Connection,
  principal: Principal,
  mesh: MeshRef,
  { id }: EnvironmentRef,
  event: { asked: CertificateAsked; kind: string; payload: Readonly<Record<string, unknown>> },
): Promise<void> {
  const { namespace, gateway, certificate, environment } = event.asked;
  await appendEvent(connection, {
    ...actor(principal),
    meshId: mesh.id,
    environmentId: id,
    kind: event.kind,
    subject: `${namespace}/${gateway}`,
    payload: { certificate, environment, ...event.payload },
  });
}
