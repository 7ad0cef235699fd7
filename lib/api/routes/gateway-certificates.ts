// Certificates of gateways in an environment. The rule: a key comes in, is sealed by the control plane, and never goes out again.
import type { z } from "zod";
import {
  type CertificateAsked,
  type KeptCertificate,
  keepGatewayCertificate,
  listGatewayCertificates,
  readForBinding,
  removeGatewayCertificate,
} from "@/lib/data/gateway-certificates";
import { readDesign } from "@/lib/data/meshes";
import { AppError, type Problematic } from "@/lib/errors";
import { type Gateway, isHttpsListener, uncoveredHosts } from "@/lib/mesh";
import {
  authoritiesOf,
  type CertificateFacts,
  factsOfChain,
  readAuthorities,
  readCertificate,
  revocationListsOf,
} from "../read-certificate";
import { defineRoute, onMesh } from "../route";
import * as schema from "../schema";

const tag = "environments";
const environmentPath = "/meshes/{mesh}/environments/{environment}";
const path = `${environmentPath}/gateways/{namespace}/{gateway}/certificates/{certificate}` as const;

type Params = Record<"mesh" | "environment" | "namespace" | "gateway" | "certificate", string>;
const askedOf = ({ mesh, ...asked }: Params): CertificateAsked => ({ slug: mesh, ...asked });

export const gatewayCertificateRoutes = [
  defineRoute({
    id: "listGatewayCertificates",
    method: "GET",
    path: `${environmentPath}/gateway-certificates`,
    tag,
    summary: "Certificates that gateways were given here: names, issuer, dates; never a key",
    access: onMesh("mesh.read"),
    answer: schema.pageOf(schema.gatewayCertificate),
    async handle({ runtime, principal, params }) {
      const asked = { slug: params.mesh, environment: params.environment };
      const rows = await listGatewayCertificates(runtime.database, principal, asked);
      return { body: { items: rows.map(toDto), nextCursor: null } };
    },
  }),
  defineRoute({
    id: "putGatewayCertificate",
    method: "PUT",
    path,
    tag,
    summary: "Give a gateway a certificate and its key, or renew them: open connections stay",
    access: onMesh("binding.write"),
    body: schema.newGatewayCertificate,
    answer: schema.gatewayCertificate,
    async handle({ runtime, principal, params, body }) {
      const asked = askedOf(params);
      const now = runtime.clock.now();
      const { environmentId, kept } = await readForBinding(runtime.database, principal, asked);
      const gateway = await drawnGateway(runtime.database, principal, asked);
      const { pair, authorities } = read(body, kept !== null, now);
      if (pair && !body.allowUncovered) requireCovered(gateway, asked, pair.facts);
      const { namespace, gateway: gatewayName, certificate: name } = asked;
      const place = { environmentId, namespace, gateway: gatewayName, name };
      const sealed = pair && {
        chainPem: pair.chainPem,
        sealedKey: await runtime.controlPlane.sealGatewayKey({ ...place, keyPem: pair.keyPem }),
      };
      const facts = pair?.facts ?? factsOfChain(kept?.chainPem ?? "");
      const row = await keepGatewayCertificate(runtime.database, principal, {
        ...asked,
        ...(sealed ? { pair: sealed } : {}),
        ...(authorities === undefined ? {} : { clientCaPem: authorities }),
        told: { fingerprint: facts.fingerprint, notAfter: facts.notAfter },
        at: new Date(now),
      });
      return { body: toDto(row) };
    },
  }),
  defineRoute({
    id: "removeGatewayCertificate",
    method: "DELETE",
    path,
    tag,
    summary: "Take a certificate from a gateway: listeners that show it are served no more",
    access: onMesh("binding.write"),
    status: 204,
    async handle({ runtime, principal, params }) {
      await removeGatewayCertificate(runtime.database, principal, askedOf(params));
      return {};
    },
  }),
];

async function drawnGateway(
  database: Parameters<typeof readDesign>[0],
  principal: Parameters<typeof readDesign>[1],
  { slug, namespace, gateway }: CertificateAsked,
): Promise<Gateway> {
  const { document } = await readDesign(database, principal, { slug, at: "draft" });
  const found = document.objects.find(
    (each): each is Gateway =>
      each.kind === "Gateway" && each.metadata.namespace === namespace && each.metadata.name === gateway,
  );
  if (found) return found;
  throw new AppError("not-found", {
    detail: `The draft of ${slug} has no gateway ${namespace}/${gateway}: draw it first.`,
  });
}

function requireCovered({ spec }: Gateway, { certificate }: CertificateAsked, { names }: CertificateFacts): void {
  const own = spec.listeners.filter((each) => isHttpsListener(each) && each.tls?.certificate === certificate);
  const uncovered = uncoveredHosts(
    own.flatMap(({ hosts }) => hosts),
    names,
  );
  if (uncovered.length === 0) return;
  const problem = {
    path: "body.chain",
    message: `is for ${names.join(", ") || "no DNS name"}, and clients of ${uncovered.join(", ")} would refuse it`,
    fix: "Give one that has these names too, or draw their hosts at a listener with a certificate of their own.",
  };
  throw refused([problem], { uncovered });
}

const refused = (violations: readonly Problematic[], extra = {}) =>
  new AppError("certificate-refused", { violations, extra });

type Body = z.output<typeof schema.newGatewayCertificate>;

/** Everything that is wrong, in one refusal. */
function read({ chain, key, clientCa }: Body, isKept: boolean, now: number) {
  const isPair = chain !== undefined || key !== undefined || !isKept;
  const pair = isPair ? readCertificate({ chain: chain ?? "", key: key ?? "" }, now) : null;
  const authorities = typeof clientCa === "string" ? readAuthorities(clientCa, now) : null;
  const problems = [pair, authorities].flatMap((each) => (each && !each.ok ? each.problems : []));
  if (problems.length > 0) throw refused(problems);
  return {
    pair: pair?.ok ? pair : null,
    authorities: authorities?.ok ? authorities.pem : clientCa === null ? null : undefined,
  };
}

function toDto({ namespace, gateway, name, chainPem, clientCaPem, setByName, setAt }: KeptCertificate) {
  const clientCa = clientCaPem === null ? null : authoritiesOf(clientCaPem);
  const set = { setBy: setByName, setAt: setAt.toISOString() };
  const revocationLists = clientCaPem === null ? [] : revocationListsOf(clientCaPem);
  return { namespace, gateway, name, ...factsOfChain(chainPem), clientCa, revocationLists, ...set };
}
