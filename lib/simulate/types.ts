// What the simulator is asked and what it answers.
// The rule: every decision names the object and the place in it that made it; what the mesh does not decide (the app's answer) is null, never guessed.
import type { z } from "zod";
import type { ObjectKey } from "@/lib/mesh";

/** Who calls: a workload through its sidecar, or a client of a gateway. `gateway` and `outside` enter at the same listener. */
export type Caller =
  | { kind: "workload"; workload: ObjectKey }
  | { kind: "gateway"; gateway: ObjectKey }
  | { kind: "outside"; gateway: ObjectKey };

export type Question = {
  from: Caller;
  /** What the caller writes as Host; with a port, `host:port`. */
  to: { host: string; port?: number | undefined };
  method: string;
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  /** What the request brings as Authorization: Bearer. Absent: nothing, but what the headers say. */
  token?: QuestionToken | undefined;
  /** What a client of a gateway shows when TLS asks for a certificate. Absent: it has none. */
  certificate?: QuestionCertificate | undefined;
  /** Where the caller is: of a workload's pod, or of the client of a gateway. Absent: 127.0.0.1, as on one machine. */
  address?: string | undefined;
  /** What authorizers say when they are asked, by name. Absent: what is told depends on them. */
  authorizers?: Readonly<Record<string, AuthorizerAnswer>> | undefined;
  /** From 0 up to but not 1: which of several weighted destinations is taken. Absent: the most likely one. */
  draw?: number | undefined;
};

/** away: it gives no answer. */
export type AuthorizerAnswer = "allow" | "deny" | "away";

/** `isForged`: not signed by who it says. A question needs no key. */
export type QuestionToken = {
  claims: Record<string, z.infer<ReturnType<typeof z.json>>>;
  isForged?: boolean | undefined;
};

/**
 * `names`: alternative names of any kind. `isForged`: not signed by who the gateway trusts. `isRevoked`: on the list of who signed it. A question
 * needs no key; where one is pinned, the answer says so.
 */
export type QuestionCertificate = { names: string[]; isForged?: boolean | undefined; isRevoked?: boolean | undefined };

/**
 * forwarded: the app answers. denied: a policy refuses. no-route: nothing takes the host or the path. redirected and responded: a rule answers.
 * refused: the two sides do not agree on mutual TLS, a gateway does not take the client's certificate, or the request is malformed. unreachable: there is nobody to call.
 */
export type Outcome = "forwarded" | "denied" | "no-route" | "redirected" | "responded" | "refused" | "unreachable";

export type Answer = {
  outcome: Outcome;
  /** The mesh's own answer; null: the app answers. */
  status: number | null;
  /** The same answer as a gRPC caller reads it; absent when the request is not gRPC, or the app answers. */
  grpcStatus?: number;
  sentence: string;
  /** Authorizers that were asked and of which the question does not say what they answer: so it is where they let the request on. */
  dependsOn?: string[];
  hops: Hop[];
  /** Where requests like this one go, most likely first; probabilities sum to 1, or to 0 when nothing is forwarded. */
  destinations: AnswerDestination[];
};

export type AnswerDestination = {
  /** Service, or ExternalService. */
  service: ObjectKey;
  subset?: string | undefined;
  workloads: ObjectKey[];
  probability: number;
  /** By place, where a traffic policy prefers some; in the order in which they are called. */
  localities?: DestinationLocality[] | undefined;
  /** Circuit breaker of the caller's proxy; absent where no traffic policy is asked. */
  pool?: DestinationPool | undefined;
  /** When the caller's proxy takes a host out; absent: never. */
  ejection?: DestinationEjection | undefined;
  /** What happens to a request that is sent here. */
  outcome: Outcome;
  status: number | null;
};

/** Of one proxy of the caller. Times in milliseconds; null: no limit, or never. */
export type DestinationPool = {
  maxConnections: number;
  connectTimeoutMs: number;
  tcpKeepaliveMs: number | null;
  /** Absent: connections of TCP. */
  http?: {
    maxPendingRequests: number;
    maxRequests: number;
    /** At once: a share of the requests under way and a least number, or a number. */
    retries: { percent: number; minConcurrency: number } | { most: number };
    /** An unused connection is closed after so long. */
    idleTimeoutMs: number | null;
    maxRequestsPerConnection: number | null;
    maxConnectionDurationMs: number | null;
    /** auto: HTTP/2 where the host takes it. */
    protocol: "http1" | "http2" | "auto";
    /** On one connection of HTTP/2; null: it is never spoken. */
    maxConcurrentStreams: number | null;
  };
};

/** Counters that are null do not eject. Times in milliseconds. */
export type DestinationEjection = {
  /** Answers that are errors, in ascending order; null: 5xx. */
  errorStatuses: number[] | null;
  consecutive5xxErrors: number | null;
  consecutiveGatewayErrors: number | null;
  /** Calls without an answer count for themselves. */
  isLocalOriginSplit: boolean;
  consecutiveLocalOriginFailures: number | null;
  successRate: { standardDeviations: number; minimumHosts: number; requestVolume: number } | null;
  failurePercentage: { percent: number; minimumHosts: number; requestVolume: number } | null;
  intervalMs: number;
  baseEjectionTimeMs: number;
  maxEjectionPercent: number;
  alwaysEjectOneHost: boolean;
  /** Below this share of hosts that are left all are called; 0: never. */
  panicPercent: number;
};

/** Hosts in one place and of one level; `priority` 0 is called first. Probabilities are of the requests that are sent to the destination. */
export type DestinationLocality = {
  /** `region/zone`; empty: nobody said. */
  locality: string;
  priority: number;
  probability: number;
  /** The same once the level, or of weighted localities the one, that gets the most has no host left. */
  whenFirstIsGone: number;
  workloads: ObjectKey[];
};

/** An object and the place inside it: `spec.rules[0]`. The line is that of the text the scene was built from, else of the object written alone. */
export type RuleOrigin = { object: ObjectKey; path: string; name?: string; file?: string; line?: number };

/** A rule that was looked at, with the reason in words. */
export type Considered = RuleOrigin & { matched: boolean; why: string };

export type MtlsOutcome = "mutual" | "plaintext" | "refused" | "none";

export type Hop = {
  proxy: string;
  direction: "outbound" | "inbound" | "gateway";
  listener: string;
  virtualHost?: string;
  /** What decided here: a route's rule, a drawn dependency, an egress. */
  rule?: RuleOrigin;
  considered: Considered[];
  cluster?: string;
  timeoutMs?: number | null;
  /** A request of which no byte moves for so long is ended; absent: where the rule says nothing of it. */
  idleTimeoutMs?: number;
  retries?: HopRetries | null;
  /** What this proxy follows itself of the destination's redirects; absent: nothing. */
  internalRedirects?: HopInternalRedirects;
  mtls: MtlsOutcome;
  /** Why this mTLS: the policy, the service's mode, the mesh's default. */
  mtlsRule?: RuleOrigin;
  /** TLS to a server outside the mesh, where the design has the proxy make it. */
  tls?: HopTls;
  /** What a connection to a server outside the mesh begins with: its version of the PROXY protocol. */
  proxyProtocol?: "v1" | "v2";
  /** This call is in mutual TLS, and one without it would be let in as well. */
  takesPlainText?: true;
  /** What the sidecar made of the request's token; absent where nobody looks at tokens. */
  token?: HopToken;
  /** Who was asked whether the request goes on, in order; before any policy denies or allows. */
  authorizers?: HopAuthorizer[];
  authorization?: HopAuthorization;
  /** Request as it leaves this hop, where it differs from how it came. */
  rewrites?: HopRewrites;
  /** Errors and delays that a rule makes on purpose; probabilities are those of a request like this one. */
  fault?: HopFault;
  /** By what a host is chosen, where equal requests stay at one; absent where they do not. */
  hash?: HopHash;
  /** Copies that are sent elsewhere as well; their answers are dropped. */
  mirrors?: HopMirror[];
  /** What a page of another origin gets; absent when the request has no Origin, or no rule says anything. */
  cors?: HopCors;
  /** How many requests the callee's sidecar lets through. */
  rateLimit?: HopRateLimit;
  /** How many new connections the callee's sidecar takes. */
  connectionRate?: HopConnectionRate;
  /** It is about a connection: there are no requests on it to decide about. */
  isConnection?: true;
  /** Location of a redirect, or the body of a direct response. */
  reply?: { status: number; location?: string; body?: string };
  /** Which identity the proxy shows, and which it saw. */
  identity?: { own: string; peer: string | null };
  sentence: string;
};

/** `serverName` null: an address has none. `names`: the certificate has to have one of them. `authorities` null: nobody verifies it. */
export type HopTls = {
  serverName: string | null;
  names: string[];
  authorities: "public" | "environment" | null;
  /** The proxy shows the environment's certificate. */
  isMutual: boolean;
};

export type HopFault = {
  delay: { probability: number; ms: number } | null;
  /** Decided after the delay. `grpcStatus` null: what the HTTP status stands for. */
  abort: { probability: number; status: number; grpcStatus: number | null } | null;
  /** The answer comes so fast at most, whoever gives it; absent: as fast as it can. */
  responseBandwidth?: { probability: number; kibPerSecond: number };
};

/** Keys until the one that is enough; `value` null: the request has not it. `isGiven`: the answer brings it. */
export type HopHash = {
  table: "ring" | "maglev";
  keys: { key: string; value: string | null; isGiven?: true }[];
  why: string;
};

/** `probability`: of a request like this one to be copied. `why`: what keeps the copy from arriving. */
export type HopMirror = AnswerDestination & { why?: string };

export type HopCors = {
  origin: string;
  /** The browser lets the page read the answer. */
  isAllowed: boolean;
  /** It is a preflight that this hop answers. */
  isPreflight: boolean;
  /** What the answer gets, whoever gives it. */
  headers: { name: string; value: string }[];
};

/** `status` null: the request goes on. */
export type HopToken = { status: number | null; why: string; rule?: RuleOrigin };

/** `answer` null: the question does not say. `status` null: the request goes on. */
export type HopAuthorizer = {
  name: string;
  answer: AuthorizerAnswer | null;
  status: number | null;
  why: string;
  rule?: RuleOrigin;
};

/** Of one instance, unless it is shared. `status` null: counted, not enforced. */
export type HopRateLimit = {
  perSecond: number;
  burst: number;
  status: number | null;
  /** All instances take from one count. */
  shared?: HopSharedLimit;
  rule?: RuleOrigin;
};

/** Of one instance and port; one more is closed. */
export type HopConnectionRate = { perSecond: number; burst: number; rule?: RuleOrigin };

/** `key` null: all requests together. */
export type HopSharedLimit = { requests: number; perMs: number; key: string | null; whenAway: "allow" | "deny" };

export type HopRetries = {
  attempts: number;
  perTryTimeoutMs: number | null;
  /** The longest waits before the first retry and before any; absent: Envoy's 25 and 250 ms. */
  backoff?: { baseMs: number; maxMs: number };
  /** After every two tries the next goes to localities that come after those tried. */
  remoteLocalities?: true;
  /** A retry does not look for a host that was not tried yet. */
  sameHosts?: true;
  on: string[];
};

/** `crossScheme` absent: http and https stay apart. Where the proxy has no route for the new address, callers get the redirect. */
export type HopInternalRedirects = {
  max: number;
  codes: number[];
  crossScheme?: "safe" | "any";
  oncePerRule?: true;
  copyHeaders?: string[];
};

export type HopAuthorization = {
  allowed: boolean;
  /** Object that decided; absent when no policy was needed or none matched. */
  policy?: ObjectKey;
  rule?: RuleOrigin;
  why: string;
  /** Policies in shadow that would have decided otherwise. */
  shadow: { policy?: ObjectKey; why: string }[];
};

export type HopRewrites = {
  path?: { from: string; to: string };
  host?: { from: string; to: string };
  headers: { op: "set" | "add" | "remove"; name: string; value?: string }[];
  responseHeaders: { op: "set" | "add" | "remove"; name: string; value?: string }[];
};

/** A request that stands for many: what comparisons, matrices and replays ask. */
export type Call = {
  /** Service or Gateway. */
  caller: ObjectKey;
  /** Service or ExternalService. */
  callee: ObjectKey;
  host: string;
  port: number;
  method: string;
  path: string;
  headers: Record<string, string>;
  certificate?: QuestionCertificate;
  origin: "drawn" | "observed" | "policy";
  /** Observed requests behind it. */
  count?: number;
};

/** What was seen in traffic: a row of the observed shapes. Caller and callee are object keys, or names that a document resolves. */
export type ObservedCall = {
  caller: ObjectKey;
  callee: ObjectKey;
  method: string;
  path: string;
  code?: number;
  count: number;
};

export type ConsequenceKind =
  | "gains-access"
  | "loses-access"
  | "share"
  | "destination"
  | "timeout"
  | "retries"
  | "mtls"
  | "circuit-breaker"
  | "outlier-detection"
  | "route"
  | "authorizer"
  | "status";

export type Consequence = {
  kind: ConsequenceKind;
  severity: "attention" | "change";
  sentence: string;
  caller: ObjectKey;
  callee: ObjectKey;
  call: Call;
  before: Answer;
  after: Answer;
};

export type AccessCell = {
  caller: ObjectKey;
  callee: ObjectKey;
  access: "allowed" | "partly" | "denied";
  mtls: MtlsOutcome;
  /** Dependencies and policies that decide. */
  why: ObjectKey[];
};

/** `complete` false: a large mesh; pairs that nothing was drawn or written for are left out. */
export type AccessMatrix = { callers: ObjectKey[]; callees: ObjectKey[]; cells: AccessCell[]; complete: boolean };

export type ExpectedDestination = {
  service: ObjectKey;
  subset?: string | undefined;
  /** 0..1; within `tolerance`, 0.005 unless given. */
  probability?: number | undefined;
  tolerance?: number | undefined;
};

export type PolicyTest = {
  name: string;
  question: Question;
  expect: {
    outcome?: Outcome | undefined;
    status?: number | undefined;
    destinations?: ExpectedDestination[] | undefined;
  };
};

export type TestResult = {
  name: string;
  passed: boolean;
  /** What was expected and what came instead; empty when passed. */
  failures: string[];
  answer: Answer;
};
