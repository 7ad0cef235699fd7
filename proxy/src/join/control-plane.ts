// The first words with a control plane that nobody here has met: who it is by the pinned root, then one request with the join token.
// Rule: nothing secret is sent before the certificate was verified against the pin; what is read before that decides nothing by itself.

import { request } from "node:https";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { ProxyError } from "../errors";
import { parseSpiffeId } from "../identity/spiffe-id";
import { checkSvid } from "../identity/svid";
import { fingerprintsIn } from "./fingerprint";
import type { HostPort, Pin, Workload } from "./join-options";

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 262_144;
const CONTROL_PLANE_PATH = "/meshwright/control-plane";
const SKEW_TOLD_MS = 5_000;

export interface Acquaintance {
  /** Roots that the control plane's certificate must go back to. */
  readonly rootsPem: string;
  /** From which this machine reaches it. */
  readonly localAddress: string;
  /** How far its clock is before ours; null: it did not say. */
  readonly aheadMs: number | null;
}

export interface JoinQuestion {
  readonly joinToken: string;
  readonly csrPem: string;
  readonly workload: Workload;
  readonly address: string;
  readonly ports: { readonly inbound: number; readonly outbound: number; readonly admin: number };
  readonly app: HostPort | null;
  readonly version: string;
}

export interface JoinAnswer {
  readonly certificatePem: string;
  readonly bundlePem: string;
  readonly proxyKey: string;
  readonly proxyRowId: string;
  readonly spiffeId: string;
  readonly adsPort: number;
  readonly namespace: string;
  readonly workload: string;
  readonly service: string;
  readonly workloadVersion: string;
  readonly serviceAccount: string;
  /** Of the certificate that was verified. */
  readonly controlPlaneSpiffeId: string;
}

/** The control plane refused, in its own words. */
export class JoinRefused extends ProxyError {
  constructor(
    code: string,
    message: string,
    readonly status: number,
  ) {
    super(code, message, status === 401 ? 75 : 1);
  }
}

/** Fetches the roots without trusting them, and keeps those that the pin names. @throws ProxyError */
export async function meet(at: HostPort, pin: Pin): Promise<Acquaintance> {
  const answer = await exchange(at, { method: "GET", path: "/v1/roots", rejectUnauthorized: false }, null);
  if (answer.status === 404) throw tooOld(at);
  const said = parse(at, answer.text) as { bundlePem?: unknown; serverTime?: unknown };
  const roots = fingerprintsIn(typeof said.bundlePem === "string" ? said.bundlePem : "");
  if (answer.status !== 200 || roots.length === 0) throw notOurs(at);
  const time = typeof said.serverTime === "string" ? Date.parse(said.serverTime) : Number.NaN;
  const known = { localAddress: answer.localAddress, aheadMs: Number.isNaN(time) ? null : time - Date.now() };
  if ("caPem" in pin) return { rootsPem: pin.caPem, ...known };
  const pinned = roots.find(({ fingerprint }) => fingerprint === pin.fingerprint);
  if (pinned) return { rootsPem: pinned.pem, ...known };
  const there = roots.map(({ fingerprint }) => `sha256:${fingerprint}`).join(", ");
  throw new ProxyError(
    "fingerprint_differs",
    `${name(at)} has no root with the fingerprint sha256:${pin.fingerprint}; it shows ${there}. Nothing was sent to it. Either --control-plane names another installation, somebody stands between, or the root was rotated: compare with Proxies & identity, Root of trust.`,
  );
}

/** Joins over a verified connection. @throws ProxyError */
export async function askToJoin(
  at: HostPort,
  { rootsPem, aheadMs }: Acquaintance,
  question: JoinQuestion,
): Promise<JoinAnswer> {
  let controlPlaneSpiffeId = "";
  const checkServerIdentity = (_host: string, certificate: PeerCertificate): Error | undefined => {
    const check = checkSvid(certificate.raw);
    const id = check.ok ? check.svid.spiffeId : "";
    // A workload of the mesh has a certificate of the same root: the name decides.
    if (parseSpiffeId(id)?.path !== CONTROL_PLANE_PATH)
      return new Error(`it is ${id || "nobody with a SPIFFE ID"}, not a control plane`);
    controlPlaneSpiffeId = id;
    return undefined;
  };
  const answer = await exchange(
    at,
    { method: "POST", path: "/v1/join", ca: rootsPem, checkServerIdentity },
    JSON.stringify(question),
    aheadMs,
  );
  if (answer.status === 404) throw tooOld(at);
  const said = parse(at, answer.text) as Partial<Record<keyof JoinAnswer | "code" | "message", unknown>>;
  if (answer.status !== 200) {
    throw new JoinRefused(
      String(said.code ?? `http_${answer.status}`),
      String(said.message ?? answer.text),
      answer.status,
    );
  }
  const text = (field: keyof JoinAnswer): string => {
    const value = said[field];
    if (typeof value !== "string") throw tooOld(at);
    return value;
  };
  return {
    certificatePem: text("certificatePem"),
    bundlePem: text("bundlePem"),
    proxyKey: text("proxyKey"),
    proxyRowId: text("proxyRowId"),
    spiffeId: text("spiffeId"),
    adsPort: Number(said.adsPort),
    namespace: text("namespace"),
    workload: text("workload"),
    service: text("service"),
    workloadVersion: text("workloadVersion"),
    serviceAccount: text("serviceAccount"),
    controlPlaneSpiffeId,
  };
}

interface Exchanged {
  status: number;
  text: string;
  localAddress: string;
}

function exchange(
  at: HostPort,
  options: {
    method: string;
    path: string;
    ca?: string;
    rejectUnauthorized?: boolean;
    checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined;
  },
  body: string | null,
  aheadMs: number | null = null,
): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    let localAddress = "";
    const headers = {
      connection: "close",
      ...(body === null ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    };
    const fail = (error: NodeJS.ErrnoException): void => reject(explained(at, error, aheadMs));
    const call = request(
      { host: at.host, port: at.port, agent: false, minVersion: "TLSv1.3", timeout: TIMEOUT_MS, headers, ...options },
      (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > MAX_ANSWER_BYTES) call.destroy(new Error("the answer is too large"));
          chunks.push(chunk);
        });
        response.on("error", fail);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8"), localAddress }),
        );
      },
    );
    call.on("socket", (socket) => {
      const note = (): void => {
        localAddress = ((socket as TLSSocket).localAddress ?? "").replace(/^::ffff:(?=\d+\.)/i, "");
      };
      socket.once("secureConnect", note);
    });
    call.on("timeout", () => call.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    call.on("error", fail);
    call.end(body ?? undefined);
  });
}

const UNVERIFIED = [
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_SIGNATURE_FAILURE",
];

function explained(at: HostPort, { code = "", message }: NodeJS.ErrnoException, aheadMs: number | null): ProxyError {
  const error = (kind: string, text: string) => new ProxyError(kind, `${name(at)} ${text}`);
  if (UNVERIFIED.includes(code)) {
    return error(
      "certificate_untrusted",
      "has a certificate that does not go back to the pinned root. Nothing was sent to it. Was the root rotated? Take the fingerprint of the root that signs (Proxies & identity, Root of trust), or make a new join token.",
    );
  }
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    const when = code === "CERT_HAS_EXPIRED" ? "has expired" : "is not valid yet";
    return error(
      "clock",
      `has a certificate that ${when} by this machine's clock (${new Date().toISOString()}).${skewInWords(aheadMs)}`,
    );
  }
  if (code === "ECONNREFUSED")
    return error(
      "unreachable",
      "refuses connections. Is it the enrollment port, and does the control plane listen for other machines (npm start -- --mesh-address)?",
    );
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return error("unreachable", "has a name that is not known here. Correct --control-plane.");
  if (code === "EPROTO" || code.startsWith("ERR_SSL"))
    return error(
      "not_enrollment",
      `does not speak TLS 1.3 as a control plane does (${code}). Use its enrollment port.`,
    );
  return error("unreachable", `did not answer: ${message}`);
}

/** What to do about a clock, where that is what is wrong. */
export function skewInWords(aheadMs: number | null): string {
  if (aheadMs === null || Math.abs(aheadMs) < SKEW_TOLD_MS) return "";
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  return ` The control plane's clock is ${seconds} s ${aheadMs > 0 ? "ahead of" : "behind"} it: set this machine's clock.`;
}

const name = ({ host, port }: HostPort): string => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);

const tooOld = (at: HostPort) =>
  new ProxyError(
    "control_plane_too_old",
    `${name(at)} is a control plane that machines cannot join, or older than this proxy. Update it.`,
  );
const notOurs = (at: HostPort) =>
  new ProxyError("not_enrollment", `${name(at)} does not answer like a control plane. Use its enrollment port.`);

function parse(at: HostPort, text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // told below
  }
  throw notOurs(at);
}
