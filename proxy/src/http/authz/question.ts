// What an external authorizer is told about a request, as a CheckRequest or as a request of its own. Rule: as Envoy says it; what is
// told is what came, after the filters before this one.

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { CheckRequestSchema } from "../../contract/messages";
import type { AuthorizedBodyPlan, ExtAuthzFilterPlan, HttpAuthorizerPlan } from "../../plan/types";
import { applyHeaderOps } from "../../semantics";
import type { ClusterRequest } from "../cluster-call";
import type { HeaderList } from "../h1/header-list";
import type { RequestHead } from "../h1/request-head";
import { utf8Of } from "../latin1-text";
import type { DownstreamInfo } from "../runtime";

export interface Asked {
  readonly filter: ExtAuthzFilterPlan;
  readonly head: RequestHead;
  readonly info: DownstreamInfo;
  readonly ownPrincipal: string;
  readonly extensions: Readonly<Record<string, string>>;
  /** null: not told. */
  readonly body: HeldBody | null;
  readonly startedAtMs: number;
  readonly receivedBytes: number;
}

export interface HeldBody {
  readonly plan: AuthorizedBodyPlan;
  readonly bytes: Buffer;
  readonly isPart: boolean;
}

const PARTIAL_BODY = "x-envoy-auth-partial-body";

type Peer = NonNullable<NonNullable<MessageInitShape<typeof CheckRequestSchema>["attributes"]>["source"]>;

export function checkRequest(asked: Asked): Uint8Array {
  const { filter, head, info, ownPrincipal, extensions, body, startedAtMs, receivedBytes } = asked;
  const { peer, tlsServerName: sni } = info;
  const certificate = filter.tellsCertificate && info.certificateDer !== null ? pemOf(info.certificateDer) : "";
  const source = {
    address: addressOf(info.sourceAddress ?? info.directRemoteAddress, info.remotePort),
    service: utf8Of(head.headers.get("x-envoy-downstream-service-cluster") ?? ""),
    principal: peer === null ? "" : (peer.uriSans[0] ?? peer.dnsSans[0] ?? peer.subject),
    certificate,
  };
  const destination = {
    address: addressOf(info.destinationAddress, info.destinationPort),
    principal: info.isTls ? ownPrincipal : "",
  };
  const text = body === null || body.plan.asBytes ? "" : utf8Of(body.bytes.toString("latin1"));
  const message = create(CheckRequestSchema, {
    attributes: {
      source,
      destination,
      request: {
        time: timestampFromMs(startedAtMs),
        http: {
          id: head.headers.get("x-request-id") ?? "",
          method: head.method,
          headers: Object.fromEntries(toldHeaders(filter, head, body)),
          path: head.path,
          host: head.authority,
          scheme: head.scheme,
          size: BigInt(receivedBytes),
          protocol: head.protocol,
          body: text,
          rawBody: body?.plan.asBytes ? body.bytes : Buffer.alloc(0),
        },
      },
      contextExtensions: { ...extensions },
      metadataContext: {},
      routeMetadataContext: {},
      ...(filter.tellsServerName && info.isTls ? { tlsSession: { sni } } : {}),
    },
  });
  return toBinary(CheckRequestSchema, message);
}

const addressOf = (address: string, port: number): Peer["address"] => ({
  address: { case: "socketAddress", value: { address, portSpecifier: { case: "portValue", value: port } } },
});

/** Header fields and pseudo-headers; those of one name are joined. */
function toldHeaders({ tells }: ExtAuthzFilterPlan, head: RequestHead, body: HeldBody | null): Map<string, string> {
  const told = new Map<string, string>();
  const tell = (name: string, value: string): void => {
    if (!tells(name)) return;
    const before = told.get(name);
    told.set(name, utf8Of(before === undefined ? value : `${before},${value}`));
  };
  tell(":authority", head.authority);
  tell(":method", head.method);
  tell(":path", head.path);
  tell(":scheme", head.scheme);
  eachField(head.headers, tell);
  if (body !== null) told.set(PARTIAL_BODY, String(body.isPart));
  return told;
}

function eachField(headers: HeaderList, visit: (name: string, value: string) => void): void {
  for (let i = 0; i < headers.length; i++) {
    const name = headers.nameAt(i);
    if (name !== "host" && name !== PARTIAL_BODY) visit(name, headers.valueAt(i));
  }
}

function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  const pem = `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
  return pem.replace(/[\n +/=]/g, (sign) => encodeURIComponent(sign));
}

/** The request to an HTTP authorizer: method, host and path of the one that waits. */
export function authorizationRequest(
  { filter, head, body }: Asked,
  plan: HttpAuthorizerPlan,
  maxAnswerBytes: number,
): ClusterRequest {
  const pairs: [string, string][] = [];
  eachField(head.headers, (name, value) => {
    if (name !== "content-length" && filter.tells(name)) pairs.push([name, value]);
  });
  if (body !== null && filter.tells(PARTIAL_BODY)) pairs.push([PARTIAL_BODY, String(body.isPart)]);
  return {
    method: head.method,
    scheme: head.scheme,
    authority: head.authority,
    path: `${plan.pathPrefix}${head.path}`,
    headers: applyHeaderOps(plan.requestHeaders, pairs),
    body: body?.bytes ?? Buffer.alloc(0),
    timeoutMs: plan.timeoutMs,
    maxAnswerBytes,
  };
}
