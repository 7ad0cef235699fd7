// Questions about the connection itself: mutual TLS, plain text, no certificate, foreign certificates, old versions, the served leaf.

import { proberId } from "@/lib/compliance";
import { certificateFacts } from "./certificate-facts";
import { type ClientIdentity, type Dialled, dial, type Place, type TlsOffer } from "./dial";
import { type Answer, expected, notMeasured, type ProbeTools, type Step, unexpected } from "./step";
import type { Target } from "./target";

export type Make = (
  kind: Step["kind"],
  title: string,
  ask: (userAgent: string) => Promise<Answer>,
  twin?: string | null,
) => Step;

export const OLD_VERSIONS = ["TLSv1", "TLSv1.1"] as const;

export function transportSteps(target: Target, tools: ProbeTools, make: Make): { mutual: Step; steps: Step[] } {
  const { probe, entry } = target;
  const name = target.subject.split("/").at(-1) ?? target.subject;
  const place: Place = { host: entry.row.host, port: entry.row.inboundPort ?? 0 };
  const trustPem = tools.authority.bundlePem();
  const host = probe?.host ?? name;
  const principal = probe?.allowed?.principal ?? proberId(tools.trustDomain);
  const call = (userAgent: string, tls?: Omit<TlsOffer, "trustPem">) =>
    dial(
      place,
      { method: "GET", path: probe?.allowed?.request.path ?? "/", host, userAgent },
      tls && { ...tls, trustPem },
    );
  const mine = (): Promise<ClientIdentity> => tools.identities.ours(principal);

  const mutual = make("mutual-tls", `${name}: mutual TLS as ${principal}`, async (userAgent) => {
    const seen = await call(userAgent, { identity: await mine() });
    return judgeMutual(seen, name, entry.row.spiffeId, `as ${principal}`);
  });
  const refusals: Step[] = [
    make(
      "plaintext",
      `${name}: plain text`,
      async (userAgent) => judgeRefusal(await call(userAgent), name, "plain text"),
      mutual.id,
    ),
    make(
      "no-certificate",
      `${name}: TLS without a certificate`,
      async (userAgent) => judgeRefusal(await call(userAgent, {}), name, "a client without a certificate"),
      mutual.id,
    ),
    ...[principal, "spiffe://foreign.invalid/ns/production/sa/somebody"].map((id) =>
      make(
        "foreign-ca",
        `${name}: ${id} of a foreign authority`,
        async (userAgent) =>
          judgeRefusal(
            await call(userAgent, { identity: await tools.identities.foreign(id) }),
            name,
            `${id}, signed by a foreign authority`,
          ),
        mutual.id,
      ),
    ),
    make(
      "old-tls",
      `${name}: TLS 1.0 and 1.1`,
      async (userAgent) => {
        const answers: Dialled[] = [];
        for (const version of OLD_VERSIONS) {
          answers.push(await call(userAgent, { identity: await mine(), minVersion: version, maxVersion: version }));
        }
        return judgeOld(answers, name);
      },
      mutual.id,
    ),
  ];
  return { mutual, steps: [mutual, certificateStep(target, tools, make), ...refusals] };
}

export function certificateStep({ entry, subject }: Target, tools: ProbeTools, make: Make): Step {
  const place = { host: entry.row.host, port: entry.row.inboundPort ?? 0 };
  return make("certificate", `${entry.proxyKey}: served certificate`, async (userAgent) => {
    const identity = await tools.identities.ours(proberId(tools.trustDomain));
    const seen = await dial(
      place,
      { method: "GET", path: "/", host: subject, userAgent },
      { identity, trustPem: tools.authority.bundlePem() },
    );
    const der = seen.handshake?.peerDer;
    if (!der) return notMeasured(`${entry.proxyKey} served no certificate: ${seen.end}.`, seen.transcript);
    const certificate = certificateFacts(der);
    const { spiffeIds, serial, notBefore, notAfter, keyType } = certificate;
    const lines = [`leaf ${spiffeIds.join(", ")}`, `serial ${serial}, ${keyType}`, `valid ${notBefore} to ${notAfter}`];
    return expected(
      `${entry.proxyKey} served ${spiffeIds[0] ?? "a leaf without a name"}.`,
      [...seen.transcript, ...lines],
      { certificate },
    );
  });
}

function judgeMutual(seen: Dialled, name: string, spiffeId: string, who: string): Answer {
  if (seen.isAbsent) return notMeasured(`Nothing listens for ${name}.`, seen.transcript);
  const { handshake } = seen;
  // A TLS 1.3 client sees its handshake done before the server has judged its certificate: only an answer proves it.
  if (!handshake || seen.status === null)
    return unexpected(`${name} did not serve mutual TLS ${who}: ${seen.end}.`, seen.transcript);
  const served = handshake.peerDer ? certificateFacts(handshake.peerDer).spiffeIds : [];
  const transcript = [
    ...seen.transcript,
    `server is ${served.join(", ") || "nobody"}`,
    `chain ${handshake.chainError ?? "verified"}`,
  ];
  if (handshake.chainError !== null)
    return unexpected(`${name}'s certificate does not verify: ${handshake.chainError}.`, transcript);
  if (served.length !== 1 || served[0] !== spiffeId)
    return unexpected(`${name} served ${served.join(", ")} in place of ${spiffeId}.`, transcript);
  return expected(`${name} spoke ${handshake.protocol} with both certificates verified.`, transcript);
}

function judgeRefusal(seen: Dialled, name: string, what: string): Answer {
  if (seen.isAbsent) return notMeasured(`Nothing listens for ${name}.`, seen.transcript);
  if (seen.status !== null) return unexpected(`${name} answered ${seen.status} to ${what}.`, seen.transcript);
  if (seen.end === "timeout")
    return notMeasured(`${name} neither answered nor refused ${what} in time.`, seen.transcript);
  return expected(`${name} refused ${what}: ${seen.end}.`, seen.transcript);
}

export function judgeOld(answers: readonly Dialled[], name: string): Answer {
  const transcript = answers.flatMap((each) => each.transcript);
  if (answers.some(({ isAbsent }) => isAbsent)) return notMeasured(`Nothing listens for ${name}.`, transcript);
  const taken = answers.find(({ handshake }) => handshake !== null);
  if (taken) return unexpected(`${name} spoke ${taken.handshake?.protocol}.`, transcript);
  // The versions that our own library cannot even offer are not a refusal.
  const unoffered = answers.find(({ end }) => /NO_PROTOCOLS|NO_CIPHERS|UNSUPPORTED/.test(end));
  if (unoffered) return notMeasured(`Old versions cannot be offered from here: ${unoffered.end}.`, transcript);
  return expected(`${name} refused TLS 1.0 and 1.1: ${answers.map(({ end }) => end).join(", ")}.`, transcript);
}
