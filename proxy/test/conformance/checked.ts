// The side of an upstream that is asked how it is: by HTTP under /hc, by gRPC's health service. Rule: well until the script says otherwise,
// and each question is kept, so that a script can tell how it was asked and how often.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

export class Checks {
  /** "503", "200+x-name=value", "none"; of gRPC a status of its health service. By upstream. */
  readonly answers: Record<string, string> = {};
  readonly seen: Record<string, unknown[]> = {};
}

const GRPC_PATH = "/grpc.health.v1.Health/Check";
const GRPC_SERVING = "1";

/** True: it was a check, and is answered. */
export function answerCheck(
  name: string,
  incoming: IncomingMessage | Http2ServerRequest,
  outgoing: ServerResponse | Http2ServerResponse,
  body: Buffer,
  checks: Checks,
): boolean {
  const isGrpc = incoming.url === GRPC_PATH;
  if (!isGrpc && !incoming.url?.startsWith("/hc")) return false;
  const { ":authority": authority, host, ":method": _m, ":path": _p, ":scheme": scheme, ...headers } = incoming.headers;
  const service = isGrpc ? body.subarray(7).toString() : null;
  checks.seen[name] ??= [];
  checks.seen[name].push({
    method: incoming.method,
    path: incoming.url,
    protocol: incoming.httpVersion,
    host: authority ?? host,
    headers,
    ...(scheme === undefined ? {} : { scheme }),
    ...(service === null ? {} : { service }),
  });
  const answer = checks.answers[name];
  if (answer === "none") return true;
  if (isGrpc) answerGrpc(outgoing as Http2ServerResponse, service ?? "", answer ?? GRPC_SERVING);
  else answerHttp(outgoing, answer ?? "200");
  return true;
}

function answerHttp(outgoing: ServerResponse | Http2ServerResponse, answer: string): void {
  const [status, ...extra] = answer.split("+");
  for (const each of extra) {
    const [key = "", value = ""] = each.split("=");
    outgoing.setHeader(key, value);
  }
  outgoing.statusCode = Number(status);
  outgoing.end();
}

/** A service that is not "" and not "known" is not found, as the protocol wants. */
function answerGrpc(outgoing: Http2ServerResponse, service: string, status: string): void {
  outgoing.setHeader("content-type", "application/grpc");
  if (service !== "" && service !== "known") {
    outgoing.setHeader("grpc-status", "5");
    outgoing.end();
    return;
  }
  outgoing.addTrailers({ "grpc-status": "0" });
  outgoing.end(Buffer.from([0, 0, 0, 0, 2, 8, Number(status)]));
}
