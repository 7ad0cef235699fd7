// Between gRPC messages and the session's plain requests and responses, for both forms of ADS.
// One rule: a resource's bytes are encoded once and only referenced here.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  DiscoveryResponseSchema,
  type Node,
} from "@meshwright/proxy/contract";
import type { Flavour, SessionRequest, SessionResponse } from "./ads-session";
import { type EncodedResource, isTypeUrl } from "./snapshot";

const SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService";

export interface WireRequest {
  node: Node | undefined;
  typeUrl: string;
  request: SessionRequest | null;
}

export interface Wire {
  flavour: Flavour;
  path: string;
  decode(bytes: Buffer): WireRequest;
  encode(response: SessionResponse): Buffer;
}

function errorOf(message: DeltaDiscoveryRequest | DiscoveryRequest): string | null {
  return message.errorDetail ? message.errorDetail.message || `status ${message.errorDetail.code}` : null;
}

function toAny(resource: EncodedResource) {
  return { $typeName: "google.protobuf.Any" as const, typeUrl: resource.typeUrl, value: resource.bytes };
}

export const deltaWire: Wire = {
  flavour: "delta",
  path: `/${SERVICE}/DeltaAggregatedResources`,
  decode(bytes) {
    const message = fromBinary(DeltaDiscoveryRequestSchema, bytes);
    const { node, typeUrl } = message;
    if (!isTypeUrl(typeUrl)) {
      return { node, typeUrl, request: null };
    }
    const request: SessionRequest = {
      flavour: "delta",
      typeUrl,
      nonce: message.responseNonce,
      errorMessage: errorOf(message),
      subscribe: message.resourceNamesSubscribe,
      unsubscribe: message.resourceNamesUnsubscribe,
      initialVersions: message.initialResourceVersions,
    };
    return { node, typeUrl, request };
  },
  encode(response) {
    const message = create(DeltaDiscoveryResponseSchema, {
      typeUrl: response.typeUrl,
      nonce: response.nonce,
      systemVersionInfo: response.version,
      resources: response.resources.map((resource) => ({
        name: resource.name,
        version: resource.version,
        resource: toAny(resource),
      })),
      removedResources: [...response.removed],
    });
    return Buffer.from(toBinary(DeltaDiscoveryResponseSchema, message));
  },
};

export const fullWire: Wire = {
  flavour: "state-of-the-world",
  path: `/${SERVICE}/StreamAggregatedResources`,
  decode(bytes) {
    const message = fromBinary(DiscoveryRequestSchema, bytes);
    const { node, typeUrl } = message;
    if (!isTypeUrl(typeUrl)) {
      return { node, typeUrl, request: null };
    }
    const request: SessionRequest = {
      flavour: "state-of-the-world",
      typeUrl,
      nonce: message.responseNonce,
      errorMessage: errorOf(message),
      names: message.resourceNames,
    };
    return { node, typeUrl, request };
  },
  encode(response) {
    const message = create(DiscoveryResponseSchema, {
      typeUrl: response.typeUrl,
      nonce: response.nonce,
      versionInfo: response.version,
      resources: response.resources.map(toAny),
    });
    return Buffer.from(toBinary(DiscoveryResponseSchema, message));
  },
};
