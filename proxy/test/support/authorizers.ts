// Two external authorizers with a script: x-say of the request says what they answer, and x-asked tells the app what they were asked.
// Rule: what differs from run to run is not told.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { fromBinary, fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import {
  type CheckRequest,
  CheckRequestSchema,
  CheckResponseSchema,
} from "../../src/contract/gen/envoy/service/auth/v3/external_auth_pb";

/** What a case says to the gRPC authorizer: an answer as JSON of the message, or a word. */
export const say = (answer: object | string): string =>
  typeof answer === "string"
    ? answer
    : JSON.stringify(answer).replace(/[^ -~]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
export const OK = { status: {}, ok_response: {} };

/** More than a request may have in its head. */
const WIDE = "x".repeat(70_000);

const grpcFrame = (bytes: Uint8Array, flag = 0, length = bytes.length): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag, 0);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, bytes]);
};

export function grpcAuthorizer(onAsked: (asked: string) => void = () => {}): Http2Server {
  return createHttp2Server().on("stream", (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const request = fromBinary(CheckRequestSchema, Buffer.concat(chunks).subarray(5));
      const path = String(headers[":path"]);
      onAsked(path);
      const asked = { ...told(request), to: `${headers[":authority"]}${path}` };
      const words = request.attributes?.request?.http?.headers["x-say"] ?? say(OK);
      answerCheck(stream, words, JSON.stringify(asked));
    });
  });
}

/** Of a request what is the same in each run. */
function told({ attributes }: CheckRequest): object {
  const { source, destination, request, contextExtensions, tlsSession } = attributes ?? {};
  const http = request?.http;
  const { "x-say": _say, "x-request-id": _id, ...headers } = http?.headers ?? {};
  const peer = (one: typeof source) => ({
    address: one?.address?.address.case === "socketAddress" ? one.address.address.value.address : "",
    principal: one?.principal,
    service: one?.service,
    certificate: one?.certificate ? "shown" : "",
  });
  return {
    source: peer(source),
    destination: peer(destination),
    http: {
      ...http,
      $typeName: undefined,
      id: undefined,
      size: String(http?.size),
      headers: sorted(headers),
      rawBody: Buffer.from(http?.rawBody ?? []).toString("hex"),
    },
    extensions: sorted(contextExtensions ?? {}),
    sni: tlsSession?.sni,
  };
}

const sorted = (record: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

function answerCheck(stream: ServerHttp2Stream, words: string, asked: string): void {
  const respond = (body: Buffer, trailers: Record<string, string> = { "grpc-status": "0" }): void => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    stream.end(body);
  };
  switch (words.split(" ")[0]) {
    case "silent":
      return;
    case "reset":
      stream.close(2);
      return;
    case "garbage":
      respond(grpcFrame(Buffer.from("\xff\xff\xff", "latin1")));
      return;
    case "compressed":
      respond(grpcFrame(Buffer.alloc(3), 1));
      return;
    case "short":
      respond(grpcFrame(Buffer.from("abc"), 0, 1000));
      return;
    case "nothing":
      respond(Buffer.alloc(0));
      return;
    case "giant":
      respond(grpcFrame(Buffer.alloc(8 * 1024 * 1024)));
      return;
    case "http":
      stream.respond({ ":status": Number(words.split(" ")[1]) }, { endStream: true });
      return;
    case "grpc":
      respond(Buffer.alloc(0), { "grpc-status": words.split(" ")[1] ?? "2" });
      return;
    case "wide":
      answerCheck(
        stream,
        say({ status: {}, ok_response: { headers: [{ header: { key: "x-a", value: WIDE } }] } }),
        asked,
      );
      return;
    default: {
      if (!words.startsWith("{")) {
        respond(Buffer.alloc(0), { "grpc-status": "2" });
        return;
      }
      const answer = JSON.parse(words) as Record<string, Record<string, unknown>>;
      const allowed = answer["ok_response"];
      if (allowed) {
        const headers = (allowed["headers"] ?? []) as JsonValue[];
        allowed["headers"] = [...headers, { header: { key: "x-asked", value: asked } }];
      }
      respond(grpcFrame(toBinary(CheckResponseSchema, fromJson(CheckResponseSchema, answer as JsonValue))));
    }
  }
}

/** "401+x-name=value": status and headers of the answer; "slow", "reset", "giant". */
export function httpAuthorizer(onAsked: (asked: string) => void = () => {}): Server {
  return createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("error", () => {});
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      onAsked(`${incoming.method} ${incoming.url}`);
      answerHttp(incoming, outgoing, Buffer.concat(chunks).toString("latin1"));
    });
  });
}

/** Of the connection, or of Envoy's own calls. */
const UNTOLD = new Set(
  "connection host x-forwarded-for x-envoy-internal x-envoy-expected-rq-timeout-ms x-request-id x-say".split(" "),
);

function answerHttp(incoming: IncomingMessage, outgoing: ServerResponse, body: string): void {
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).flatMap(([name, value]) => (UNTOLD.has(name) ? [] : [[name, String(value)]])),
  );
  const { method, url, headers: all } = incoming;
  const asked = JSON.stringify({ method, url, host: all.host, headers: sorted(headers), body });
  const [action = "", ...more] = String(all["x-say"] ?? "200").split("+");
  if (action === "silent") return;
  if (action === "reset") {
    incoming.socket.destroy();
    return;
  }
  if (action === "broken") {
    incoming.socket.end("HTTP/1.1 200 OK\r\nbad header\r\n\r\n");
    return;
  }
  outgoing.sendDate = false;
  for (const each of more) {
    const [name = "", value = ""] = each.split("=");
    outgoing.appendHeader(name, value);
  }
  outgoing.setHeader("x-asked", asked);
  outgoing.statusCode = action === "giant" ? 403 : Number(action);
  outgoing.end(action === "giant" ? Buffer.alloc(8 * 1024 * 1024) : `said ${action}`);
}
