// POST /v1/enroll and /v1/renew at the control plane. One rule: the server is who its certificate says, by the trust
// bundle and its exact SPIFFE ID; no name of a host is looked at.

import { type RequestOptions, request } from "node:https";
import type { PeerCertificate } from "node:tls";
import { checkSvid } from "./svid";

export interface Issued {
  readonly certificatePem: string;
  readonly bundlePem: string;
  readonly serverTime: string;
}

/** `code` is the server's, or "unreachable" when there was no answer that can be used. */
export class EnrollError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface EnrollRequest {
  readonly url: string;
  readonly body: { readonly joinToken?: string; readonly csrPem: string };
  readonly trustBundlePem: string;
  readonly controlPlaneSpiffeId: string;
  readonly client?: { readonly privateKeyPem: string; readonly chainPem: string };
}

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 262_144;

/** For tls.connect and https: the peer's certificate must be exactly this SPIFFE ID. */
export function expectSpiffeId(expected: string): (host: string, certificate: PeerCertificate) => Error | undefined {
  return (_host, certificate) => {
    const check = checkSvid(certificate.raw);
    if (!check.ok) {
      return new Error(`the control plane's certificate is refused: ${check.reason}`);
    }
    return check.svid.spiffeId === expected
      ? undefined
      : new Error(`the control plane says it is ${check.svid.spiffeId}, expected ${expected}`);
  };
}

export function askForCertificate(ask: EnrollRequest): Promise<Issued> {
  const payload = JSON.stringify(ask.body);
  const options: RequestOptions = {
    method: "POST",
    agent: false, // no reuse, no session: each request verifies anew
    ca: ask.trustBundlePem,
    minVersion: "TLSv1.3",
    checkServerIdentity: expectSpiffeId(ask.controlPlaneSpiffeId),
    timeout: TIMEOUT_MS,
    headers: { "content-type": "application/json", "content-length": Buffer.byteLength(payload), connection: "close" },
    ...(ask.client ? { key: ask.client.privateKeyPem, cert: ask.client.chainPem } : {}),
  };
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void =>
      reject(error instanceof EnrollError ? error : new EnrollError("unreachable", `${ask.url}: ${error.message}`));
    const call = request(ask.url, options, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length > MAX_ANSWER_BYTES) {
          call.destroy(new Error("the answer is too large"));
        }
        chunks.push(chunk);
      });
      response.on("error", fail);
      response.on("end", () => {
        try {
          resolve(readAnswer(response.statusCode ?? 0, Buffer.concat(chunks).toString("utf8")));
        } catch (error) {
          fail(error as Error);
        }
      });
    });
    call.on("timeout", () => call.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    call.on("error", fail);
    call.end(payload);
  });
}

function readAnswer(status: number, text: string): Issued {
  const answer = JSON.parse(text) as Partial<Issued> & { code?: string; message?: string };
  if (status !== 200) {
    throw new EnrollError(answer.code ?? `http_${status}`, answer.message ?? `status ${status}`);
  }
  const { certificatePem, bundlePem, serverTime } = answer;
  if (typeof certificatePem !== "string" || typeof bundlePem !== "string") {
    throw new EnrollError("answer_invalid", "the answer has no certificatePem and bundlePem");
  }
  return { certificatePem, bundlePem, serverTime: serverTime ?? "" };
}
