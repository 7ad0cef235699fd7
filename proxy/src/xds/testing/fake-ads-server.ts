// An ADS server for tests: plain HTTP/2, every request recorded, answers written by the test.

import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { create, type DescMessage, fromBinary, type JsonValue, type Message, toBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { decodeJson } from "../../contract/decode";
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  DiscoveryResponseSchema,
} from "../../contract/messages";
import { kindOfTypeUrl, RESOURCE_SCHEMAS, type ResourceKind, TYPE_URLS } from "../../contract/resource-types";

export interface FakeResource {
  readonly name: string;
  readonly version: string;
  readonly bytes: Uint8Array;
}

/** Encodes a resource written as JSON. */
export function resource(kind: ResourceKind, name: string, json: JsonValue, version = "1"): FakeResource {
  const schema: DescMessage = RESOURCE_SCHEMAS[kind];
  const decoded = decodeJson(schema, json);
  if (!decoded.ok) {
    throw new Error(JSON.stringify(decoded.violations));
  }
  return { name, version, bytes: toBinary(schema, decoded.value as Message) };
}

type Recorded = { readonly kind: ResourceKind } & (
  | { readonly form: "delta"; readonly message: DeltaDiscoveryRequest }
  | { readonly form: "full"; readonly message: DiscoveryRequest }
);

export class FakeAdsServer {
  readonly requests: Recorded[] = [];
  connections = 0;
  private readonly server: Http2Server;
  private readonly sessions = new Set<ServerHttp2Session>();
  private stream: ServerHttp2Stream | null = null;
  private nonce = 0;

  constructor() {
    this.server = createServer();
    this.server.on("session", (session) => {
      this.sessions.add(session);
      session.on("close", () => this.sessions.delete(session));
    });
    this.server.on("stream", (stream, headers) => {
      this.connections += 1;
      this.stream = stream;
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      let buffered: Buffer = Buffer.alloc(0);
      stream.on("error", () => {});
      stream.on("data", (chunk: Buffer) => {
        buffered = Buffer.concat([buffered, chunk]);
        while (buffered.length >= 5 && buffered.length >= 5 + buffered.readUInt32BE(1)) {
          const length = buffered.readUInt32BE(1);
          this.record(buffered.subarray(5, 5 + length), String(headers[":path"]).includes("Delta"));
          buffered = buffered.subarray(5 + length);
        }
      });
    });
  }

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(port, "127.0.0.1", resolve));
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.dropConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  dropConnections(): void {
    for (const session of this.sessions) {
      session.destroy();
    }
    this.stream = null;
  }

  /** Sends a delta response; returns its nonce. */
  send(kind: ResourceKind, resources: readonly FakeResource[], removed: readonly string[] = []): string {
    const nonce = this.nextNonce();
    const message = create(DeltaDiscoveryResponseSchema, {
      typeUrl: TYPE_URLS[kind],
      nonce,
      removedResources: [...removed],
      resources: resources.map(({ name, version, bytes }) => ({
        name,
        version,
        resource: create(AnySchema, { typeUrl: TYPE_URLS[kind], value: bytes }),
      })),
    });
    this.write(toBinary(DeltaDiscoveryResponseSchema, message));
    return nonce;
  }

  /** Sends a state-of-the-world response; returns its nonce. */
  sendFull(kind: ResourceKind, resources: readonly FakeResource[], version: string): string {
    const nonce = this.nextNonce();
    const message = create(DiscoveryResponseSchema, {
      typeUrl: TYPE_URLS[kind],
      nonce,
      versionInfo: version,
      resources: resources.map(({ bytes }) => create(AnySchema, { typeUrl: TYPE_URLS[kind], value: bytes })),
    });
    this.write(toBinary(DiscoveryResponseSchema, message));
    return nonce;
  }

  /** The answer to a nonce: null is an ACK, text a NACK; undefined: none yet. */
  answerTo(nonce: string): string | null | undefined {
    const found = this.requests.find(({ message }) => message.responseNonce === nonce);
    return found && (found.message.errorDetail?.message ?? null);
  }

  /** Names subscribed to over the delta requests of a kind. */
  subscribed(kind: ResourceKind): string[] {
    const names = new Set<string>();
    for (const one of this.requests) {
      if (one.kind === kind && one.form === "delta") {
        for (const name of one.message.resourceNamesSubscribe) {
          names.add(name);
        }
        for (const name of one.message.resourceNamesUnsubscribe) {
          names.delete(name);
        }
      }
    }
    return [...names].sort();
  }

  private nextNonce(): string {
    this.nonce += 1;
    return `n${this.nonce}`;
  }

  private record(bytes: Uint8Array, isDelta: boolean): void {
    const one = isDelta
      ? { form: "delta" as const, message: fromBinary(DeltaDiscoveryRequestSchema, bytes) }
      : { form: "full" as const, message: fromBinary(DiscoveryRequestSchema, bytes) };
    const kind = kindOfTypeUrl(one.message.typeUrl);
    if (!kind) {
      throw new Error(`unknown type ${one.message.typeUrl}`);
    }
    this.requests.push({ ...one, kind } as Recorded);
  }

  private write(bytes: Uint8Array): void {
    const frame = Buffer.alloc(5 + bytes.length);
    frame.writeUInt32BE(bytes.length, 1);
    frame.set(bytes, 5);
    this.stream?.write(frame);
  }
}
