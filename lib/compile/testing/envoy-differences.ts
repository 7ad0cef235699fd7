// Where our proxy means to differ from Envoy: docs/reference/envoy-differences.md in a form that a test can apply.
// The rule: one entry per row of that page, as narrow as it can be; an entry that nothing needs is removed from both.
import type { IncomingHttpHeaders } from "node:http";
import { networkInterfaces } from "node:os";

/** Added by Envoy's router; nothing in a mesh of ours reads them. */
const ONLY_IN_ENVOY_ANSWERS = ["x-envoy-upstream-service-time"];
const ONLY_IN_ENVOY_REQUESTS = ["x-envoy-expected-rq-timeout-ms", "x-envoy-external-address"];
/** What only a verified sidecar may say; Envoy believes it of everybody when `use_remote_address` is off. */
const SIDECAR_ONLY = ["x-envoy-original-path", "x-envoy-attempt-count"];
/** Value that the script gives them. */
export const FORGED = "forged";

/** Envoy's text of a failed connection ends in words of its TLS library or of the system. */
const WORDS_OF_A_LIBRARY = /, transport failure reason: .*$/s;

/** What the strict parser refuses has no request behind it: only the code counts. */
export const isParserRefusal = (status: number, isFromCallee: boolean) => status === 400 && !isFromCallee;

export function withoutMeantInBody(body: unknown): unknown {
  return typeof body === "string" ? body.replace(WORDS_OF_A_LIBRARY, "") : body;
}

export function withoutMeantInAnswer(headers: IncomingHttpHeaders, method: string, body: unknown): [string, unknown][] {
  const isOwn = headers["x-callee"] === undefined;
  const isCut = typeof body === "string" && body !== withoutMeantInBody(body);
  return Object.entries(headers).filter(([name]) => {
    if (ONLY_IN_ENVOY_ANSWERS.includes(name)) return false;
    if (isCut && name === "content-length") return false;
    // An answer to HEAD has no body. Envoy still says how long its own would be, and `chunked` when it does not know.
    return method !== "HEAD" || !(name === "transfer-encoding" || (name === "content-length" && isOwn));
  });
}

export function withoutMeantInRequest(headers: IncomingHttpHeaders, method: string): [string, unknown][] {
  const kept = Object.entries(headers).filter(([name, value]) => {
    if (ONLY_IN_ENVOY_REQUESTS.includes(name)) return false;
    if (SIDECAR_ONLY.includes(name) && value === FORGED) return false;
    // Envoy gives an OPTIONS without a body a length; ours passes on the framing it got.
    return !(method === "OPTIONS" && name === "content-length" && value === "0");
  });
  return kept.map(([name, value]) => [name, name === "x-forwarded-for" ? withoutLoopback(String(value)) : value]);
}

/** Envoy writes the machine's own address where the caller came from loopback. */
function withoutLoopback(addresses: string): string {
  const all = addresses.split(",");
  return [...all.slice(0, -1), OWN_ADDRESSES.has(all.at(-1)) ? "<this machine>" : all.at(-1)].join(",");
}

const OWN_ADDRESSES = new Set(
  Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }): string | undefined => address)),
);
