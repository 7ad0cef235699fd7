// The two forms of ADS as one: requests out, updates in. State-of-the-world answers for listeners and clusters are
// complete, so what is missing in one was removed; the other kinds are partial. One rule: no state here.

import type { DescMessage } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { StatusSchema } from "../contract/gen/google/rpc/status_pb";
import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
  DiscoveryRequestSchema,
  DiscoveryResponseSchema,
  type Node,
} from "../contract/messages";
import type { ResourceMessages } from "../contract/resource-types";
import {
  kindOfTypeUrl,
  RESOURCE_SCHEMAS,
  type ResourceKind,
  resourceName,
  TYPE_URLS,
} from "../contract/resource-types";

export interface AdsRequest {
  readonly kind: ResourceKind;
  /** On the first message of a stream only. */
  readonly node: Node | undefined;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** All names subscribed to; empty with `isWildcard`. */
  readonly names: readonly string[];
  readonly isFirst: boolean;
  readonly initialVersions: Readonly<Record<string, string>>;
  /** Version of the last accepted response (state of the world). */
  readonly acceptedVersion: string;
  readonly nonce: string;
  readonly error: string | null;
}

export interface AdsUpdate {
  readonly typeUrl: string;
  readonly kind: ResourceKind | undefined;
  readonly nonce: string;
  readonly version: string;
  readonly resources: readonly {
    readonly name: string;
    readonly version: string;
    readonly bytes: Uint8Array;
    readonly typeUrl: string;
  }[];
  readonly removed: readonly string[];
  /** Everything of this kind is in `resources`. */
  readonly isComplete: boolean;
}

export interface Wire {
  readonly path: string;
  encode(request: AdsRequest): Uint8Array;
  decode(bytes: Uint8Array): AdsUpdate;
  /** Nonce of a request that only changes the subscription. */
  subscriptionNonce(latest: string): string;
}

const SERVICE = "/envoy.service.discovery.v3.AggregatedDiscoveryService";
const INVALID_ARGUMENT = 3;

const errorDetail = (error: string | null) =>
  error === null ? {} : { errorDetail: create(StatusSchema, { code: INVALID_ARGUMENT, message: error }) };

export const deltaWire: Wire = {
  subscriptionNonce: () => "",
  path: `${SERVICE}/DeltaAggregatedResources`,
  encode: (request) =>
    toBinary(
      DeltaDiscoveryRequestSchema,
      create(DeltaDiscoveryRequestSchema, {
        ...(request.node ? { node: request.node } : {}),
        typeUrl: TYPE_URLS[request.kind],
        resourceNamesSubscribe: [...request.subscribe],
        resourceNamesUnsubscribe: [...request.unsubscribe],
        initialResourceVersions: { ...request.initialVersions },
        responseNonce: request.nonce,
        ...errorDetail(request.error),
      }),
    ),
  decode(bytes) {
    const response = fromBinary(DeltaDiscoveryResponseSchema, bytes);
    return {
      typeUrl: response.typeUrl,
      kind: kindOfTypeUrl(response.typeUrl),
      nonce: response.nonce,
      version: response.systemVersionInfo,
      resources: response.resources.map(({ name, version, resource }) => ({
        name,
        version,
        bytes: resource?.value ?? new Uint8Array(),
        typeUrl: resource?.typeUrl ?? "",
      })),
      removed: response.removedResources,
      isComplete: false,
    };
  },
};

export const sotwWire: Wire = {
  subscriptionNonce: (latest) => latest,
  path: `${SERVICE}/StreamAggregatedResources`,
  encode: (request) =>
    toBinary(
      DiscoveryRequestSchema,
      create(DiscoveryRequestSchema, {
        ...(request.node ? { node: request.node } : {}),
        typeUrl: TYPE_URLS[request.kind],
        resourceNames: [...request.names],
        versionInfo: request.acceptedVersion,
        responseNonce: request.nonce,
        ...errorDetail(request.error),
      }),
    ),
  decode(bytes) {
    const response = fromBinary(DiscoveryResponseSchema, bytes);
    const kind = kindOfTypeUrl(response.typeUrl);
    return {
      typeUrl: response.typeUrl,
      kind,
      nonce: response.nonce,
      version: response.versionInfo,
      resources: response.resources.map(({ value, typeUrl }) => ({
        name: kind ? nameIn(kind, value) : "",
        version: response.versionInfo,
        bytes: value,
        typeUrl,
      })),
      removed: [],
      isComplete: kind === "listener" || kind === "cluster",
    };
  },
};

function nameIn(kind: ResourceKind, bytes: Uint8Array): string {
  try {
    const schema: DescMessage = RESOURCE_SCHEMAS[kind];
    return resourceName(kind, fromBinary(schema, bytes) as unknown as ResourceMessages[ResourceKind]);
  } catch {
    return ""; // reported when it is decoded again
  }
}
