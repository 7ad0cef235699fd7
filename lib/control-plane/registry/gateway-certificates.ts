// Certificates that people gave to gateways, opened and encoded as secrets of the one proxy that shows them.
// One rule: what is equal stays the same value, and a key that cannot be opened is told and left out; the others are served.

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { SecretSchema } from "@meshwright/proxy/contract";
import { storedCertificateSecret, storedClientsSecret } from "@/lib/compile";
import type { BoundCertificate, EnvironmentBinding } from "@/lib/compile/types";
import { revocationListsIn, withoutRevocationLists } from "@/lib/data/revocation-lists";
import type { GatewayCertificateRow, SystemData } from "@/lib/data/system";
import { gatewayProxyKey } from "@/lib/deploy";
import type { Logger } from "@/lib/observability/logger";
import { openKey } from "../ca/key-sealing";
import type { OwnSecrets } from "./kept-configurations";

type Row = GatewayCertificateRow;

/** What its key is bound to: moved to another row it cannot be opened. */
export const gatewayKeyPlace = (row: Pick<Row, "environmentId" | "namespace" | "gateway" | "name">): string =>
  `gateway-certificate ${row.environmentId}/${row.namespace}/${row.gateway}/${row.name}`;

export interface GatewayCertificatesOptions {
  data: { gatewayCertificates: Pick<SystemData["gatewayCertificates"], "listByEnvironment"> };
  sealingKey: Buffer;
  logger: Logger;
}

const NONE: OwnSecrets = new Map();

export class GatewayCertificates {
  private readonly environments = new Map<string, { text: string; secrets: OwnSecrets }>();

  constructor(private readonly options: GatewayCertificatesOptions) {}

  secretsOf(environmentId: string): OwnSecrets {
    return this.environments.get(environmentId)?.secrets ?? NONE;
  }

  /** Without what cannot be delivered: a proxy would wait for the secret, and take nothing new meanwhile. */
  deliverable(environmentId: string, binding: EnvironmentBinding): EnvironmentBinding {
    const all = this.secretsOf(environmentId);
    const gateways = binding.gateways.map((bound) => {
      const own = all.get(gatewayProxyKey(bound.namespace, bound.name));
      const there = Object.entries(bound.certificates ?? {}).flatMap(
        ([name, certificate]): [string, BoundCertificate][] => {
          if (!("stored" in certificate)) return [[name, certificate]];
          const secret = storedCertificateSecret(bound, name);
          if (!own?.has(secret)) return [];
          const { ca: _, crl: __, ...rest } = certificate;
          return [[name, own.has(storedClientsSecret(secret)) ? certificate : rest]];
        },
      );
      return bound.certificates ? { ...bound, certificates: Object.fromEntries(there) } : bound;
    });
    return { ...binding, gateways };
  }

  async load(environmentId: string): Promise<void> {
    const rows = await this.options.data.gatewayCertificates.listByEnvironment(environmentId);
    const text = JSON.stringify(rows);
    const before = this.environments.get(environmentId);
    if (before?.text !== text) this.environments.set(environmentId, { text, secrets: this.encoded(rows) });
  }

  forget(environmentId: string): void {
    this.environments.delete(environmentId);
  }

  private encoded(rows: readonly Row[]): OwnSecrets {
    const secrets = new Map<string, Map<string, Uint8Array>>();
    for (const row of rows) {
      const proxyKey = gatewayProxyKey(row.namespace, row.gateway);
      const own = secrets.get(proxyKey) ?? new Map<string, Uint8Array>();
      for (const [name, bytes] of this.secretsOfRow(row)) own.set(name, bytes);
      secrets.set(proxyKey, own);
    }
    return secrets;
  }

  private secretsOfRow(row: Row): [string, Uint8Array][] {
    const { namespace, gateway, name: certificate, chainPem, sealedKey, clientCaPem } = row;
    const name = storedCertificateSecret({ namespace, name: gateway }, certificate);
    try {
      const keyPem = openKey(sealedKey, this.options.sealingKey, gatewayKeyPlace(row)).toString("utf8");
      const value = { certificateChain: inline(chainPem), privateKey: inline(keyPem) };
      const trusted = clientCaPem === null ? null : trustedBy(clientCaPem);
      return [
        encodedSecret(name, { case: "tlsCertificate", value }),
        ...(trusted ? [encodedSecret(storedClientsSecret(name), { case: "validationContext", value: trusted })] : []),
      ];
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.options.logger.error({ gateway, certificate, reason }, "a gateway's certificate cannot be delivered");
      return [];
    }
  }
}

function trustedBy(pem: string) {
  const lists = revocationListsIn(pem);
  return { trustedCa: inline(withoutRevocationLists(pem)), ...(lists === "" ? {} : { crl: inline(lists) }) };
}

const inline = (value: string) => ({ specifier: { case: "inlineString" as const, value } });

function encodedSecret(name: string, type: MessageInitShape<typeof SecretSchema>["type"]): [string, Uint8Array] {
  return [name, toBinary(SecretSchema, create(SecretSchema, { name, ...(type ? { type } : {}) }))];
}
