// A gRPC test service on grpc-js, after the service of gRPC's interop tests; messages are plain bytes.
// Rule: what a call should do is in its metadata or its first message, so that one service has every case.

import * as grpc from "@grpc/grpc-js";
import { onCleanUp } from "./network";

const same = (bytes: Buffer): Buffer => bytes;

const method = (
  name: string,
  requestStream: boolean,
  responseStream: boolean,
): grpc.MethodDefinition<Buffer, Buffer> => ({
  path: `/meshwright.test.TestService/${name}`,
  requestStream,
  responseStream,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
});

export const testService = {
  unary: method("Unary", false, false),
  clientStream: method("ClientStream", true, false),
  serverStream: method("ServerStream", false, true),
  bidi: method("Bidi", true, true),
};

/** In the service's definition of the client, not of the server. */
export const missing = method("Missing", false, false);

export interface TestServer {
  readonly port: number;
  /** Calls that the client gave up, as the server heard of them. */
  readonly cancelled: () => number;
  readonly calls: () => number;
  readonly server: grpc.Server;
}

/** "code message" of x-fail, as a status. */
function failureOf(metadata: grpc.Metadata): Partial<grpc.StatusObject> | null {
  const [wanted] = metadata.get("x-fail");
  if (wanted === undefined) return null;
  const [code = "2", ...words] = String(wanted).split(" ");
  return { code: Number(code), details: words.join(" "), metadata: new grpc.Metadata() };
}

/** What came in metadata goes back: ASCII as initial metadata, binary as trailing. */
function echoMetadata(received: grpc.Metadata): { initial: grpc.Metadata; trailing: grpc.Metadata } {
  const initial = new grpc.Metadata();
  const trailing = new grpc.Metadata();
  for (const value of received.get("x-echo")) initial.add("x-echo", value);
  for (const value of received.get("x-echo-bin")) trailing.add("x-echo-bin", value);
  return { initial, trailing };
}

export async function startTestServer(): Promise<TestServer> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
  let cancelled = 0;
  let calls = 0;
  const begin = (call: grpc.ServerUnaryCall<Buffer, Buffer> | grpc.ServerDuplexStream<Buffer, Buffer>): void => {
    calls++;
    call.on("cancelled", () => cancelled++);
    call.on("error", () => {});
  };
  const handlers: grpc.UntypedServiceImplementation = {
    unary: ((call, callback) => {
      begin(call);
      const failure = failureOf(call.metadata);
      if (failure !== null) {
        callback(failure as grpc.ServiceError);
        return;
      }
      if (call.request.toString() === "never") return;
      const { initial, trailing } = echoMetadata(call.metadata);
      call.sendMetadata(initial);
      callback(null, call.request, trailing);
    }) satisfies grpc.handleUnaryCall<Buffer, Buffer>,
    clientStream: ((call, callback) => {
      begin(call as unknown as grpc.ServerDuplexStream<Buffer, Buffer>);
      let bytes = 0;
      call.on("data", (message: Buffer) => {
        bytes += message.length;
        // An answer before the request is complete.
        if (message.toString() === "enough") callback(null, Buffer.from(String(bytes)));
      });
      call.on("end", () => callback(null, Buffer.from(String(bytes))));
    }) satisfies grpc.handleClientStreamingCall<Buffer, Buffer>,
    serverStream: ((call) => {
      begin(call as unknown as grpc.ServerDuplexStream<Buffer, Buffer>);
      // "sizes": messages of these lengths, one after the other.
      for (const size of call.request.toString().split(",")) call.write(Buffer.alloc(Number(size), 97));
      const failure = failureOf(call.metadata);
      if (failure === null) call.end();
      else call.emit("error", failure);
    }) satisfies grpc.handleServerStreamingCall<Buffer, Buffer>,
    bidi: ((call) => {
      begin(call);
      call.on("data", (message: Buffer) => call.write(message));
      call.on("end", () => call.end());
    }) satisfies grpc.handleBidiStreamingCall<Buffer, Buffer>,
  };
  server.addService(testService, handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  onCleanUp(() => server.forceShutdown());
  return { port, cancelled: () => cancelled, calls: () => calls, server };
}

export interface Outcome {
  readonly code: number;
  readonly details: string;
  readonly messages: readonly Buffer[];
  readonly initial: grpc.Metadata;
  readonly trailing: grpc.Metadata;
}

export class TestClient {
  readonly client: grpc.Client;

  constructor(port: number) {
    this.client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
      "grpc.default_authority": "callee",
      "grpc.enable_retries": 0,
    });
    onCleanUp(() => this.client.close());
  }

  bidi(
    definition: grpc.MethodDefinition<Buffer, Buffer> = testService.bidi,
    metadata = new grpc.Metadata(),
    options: grpc.CallOptions = {},
  ): grpc.ClientDuplexStream<Buffer, Buffer> {
    return this.client.makeBidiStreamRequest(definition.path, same, same, metadata, options);
  }

  /** Sends all messages, half-closes and waits for the status. On the wire every kind of call is a stream. */
  call(
    definition: grpc.MethodDefinition<Buffer, Buffer>,
    messages: readonly (Buffer | string)[],
    metadata: Record<string, string | Buffer> = {},
    options: grpc.CallOptions = {},
  ): Promise<Outcome> {
    const fields = new grpc.Metadata();
    for (const [name, value] of Object.entries(metadata)) fields.set(name, value);
    const stream = this.bidi(definition, fields, options);
    const result = outcomeOf(stream);
    for (const message of messages) stream.write(Buffer.from(message));
    stream.end();
    return result;
  }
}

export function outcomeOf(stream: grpc.ClientDuplexStream<Buffer, Buffer>): Promise<Outcome> {
  return new Promise((resolve) => {
    const received: Buffer[] = [];
    let initial = new grpc.Metadata();
    stream.on("metadata", (fields: grpc.Metadata) => {
      initial = fields;
    });
    stream.on("data", (message: Buffer) => received.push(message));
    stream.on("error", () => {});
    stream.on("status", ({ code, details, metadata: trailing }: grpc.StatusObject) =>
      resolve({ code, details, messages: received, initial, trailing }),
    );
  });
}
