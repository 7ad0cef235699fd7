// Every error that a caller can meet has a row here: a stable code, its HTTP status, a title, and what to do.
// The rule: the table is closed. Code throws AppError with a code of it; one place per boundary turns that into an answer.

export interface ErrorRow {
  status: number;
  title: string;
  /** What to do, when the thrower says nothing better. */
  detail: string;
}

export const ERRORS = {
  "invalid-request": {
    status: 400,
    title: "The request is not valid",
    detail: "Correct the fields that are listed and send it again.",
  },
  "invalid-json": { status: 400, title: "The body is not JSON", detail: "Send one JSON object, encoded in UTF-8." },
  "invalid-path": {
    status: 400,
    title: "The path is not valid",
    detail: "Use the path as it is listed in /api/v1/openapi.json.",
  },
  "not-signed-in": {
    status: 401,
    title: "Nobody is signed in",
    detail: "Sign in, or send an API token as `Authorization: Bearer mw_…`.",
  },
  "invalid-token": {
    status: 401,
    title: "The token is not accepted",
    detail: "It may be expired or revoked: make a new one under Settings, API tokens.",
  },
  "sign-in-failed": {
    status: 401,
    title: "Sign-in failed",
    detail: "Check the e-mail address and the password. After five failures there is a pause.",
  },
  "link-used-or-expired": {
    status: 410,
    title: "This link is used or expired",
    detail: "Ask for a new one: `npm start -- --sign-in-link`, or an administrator.",
  },
  forbidden: { status: 403, title: "Not allowed", detail: "Ask an administrator for a role that allows this." },
  "approval-required": {
    status: 403,
    title: "This environment does not allow this revision",
    detail: "Submit the revision for review, and deploy it when it is approved.",
  },
  "vote-refused": {
    status: 403,
    title: "This vote is not taken",
    detail: "Somebody who is no author of the change and has a role that counts must decide.",
  },
  "foreign-origin": {
    status: 403,
    title: "The request comes from another site",
    detail: "Open Meshwright at its own address, or use an API token.",
  },
  "not-found": {
    status: 404,
    title: "Not found",
    detail: "It may have been removed or renamed, or you may not see it.",
  },
  "method-not-allowed": {
    status: 405,
    title: "This method is not offered here",
    detail: "Use one of the methods in the Allow header.",
  },
  conflict: { status: 409, title: "It conflicts with what is there", detail: "Read it again and repeat the change." },
  "draft-conflict": {
    status: 409,
    title: "Somebody else changed the same objects",
    detail: "Read the draft again and repeat the change where it still holds.",
  },
  "merge-open": {
    status: 409,
    title: "Conflicts are open",
    detail: "Choose mine, theirs or a value for each place that is listed, then save again.",
  },
  "already-exists": { status: 409, title: "It exists already", detail: "Choose another name." },
  "nothing-to-undo": {
    status: 409,
    title: "There is nothing to take back",
    detail: "No change of this window is left to undo.",
  },
  "nothing-to-redo": {
    status: 409,
    title: "There is nothing to repeat",
    detail: "No change of this window was undone.",
  },
  "nothing-changed": {
    status: 409,
    title: "Nothing changed",
    detail: "The draft is the same as the newest revision: change it first.",
  },
  "old-digest": {
    status: 409,
    title: "The vote is on another digest",
    detail: "Read the newest round of the review and vote on its digest.",
  },
  "review-closed": {
    status: 409,
    title: "The review does not stand where this is possible",
    detail: "Read the review again: it was decided, withdrawn or not submitted yet.",
  },
  "review-blocked": {
    status: 409,
    title: "A blocking comment is open",
    detail: "Resolve the blocking comments first, then approve.",
  },
  "tests-failing": {
    status: 409,
    title: "Policy tests do not hold",
    detail:
      "The mesh approves only what all policy tests hold for: correct the design or the tests, and submit a new round.",
  },
  "idempotency-key-reused": {
    status: 409,
    title: "This Idempotency-Key was used for another request",
    detail: "Use a new key for each request.",
  },
  "request-in-progress": {
    status: 409,
    title: "The same request is being worked on",
    detail: "Wait a moment and send it again with the same Idempotency-Key.",
  },
  "version-mismatch": {
    status: 412,
    title: "It has changed since you read it",
    detail: "Read it again, and send the new ETag in If-Match.",
  },
  "body-too-large": {
    status: 413,
    title: "The body is too large",
    detail: "Send at most 1 MiB; split a large import.",
  },
  "unsupported-media-type": {
    status: 415,
    title: "The body must be JSON",
    detail: "Send it with `Content-Type: application/json`.",
  },
  "model-violation": {
    status: 422,
    title: "The model does not allow it",
    detail: "Correct what is listed and send it again.",
  },
  "not-importable": {
    status: 422,
    title: "The text could not be imported",
    detail: "Correct what is listed and import again; nothing was changed.",
  },
  "certificate-refused": {
    status: 422,
    title: "The certificate cannot be used",
    detail: "Correct what is listed and send it again; what was bound before stays.",
  },
  "plan-refused": {
    status: 422,
    title: "This revision cannot be deployed here",
    detail: "Correct what is listed, freeze a new revision and deploy that.",
  },
  "precondition-required": {
    status: 428,
    title: "If-Match is missing",
    detail: "Read it first and send its ETag in If-Match, so that nobody's change is lost.",
  },
  "rate-limited": { status: 429, title: "Too many requests", detail: "Wait for the seconds in Retry-After." },
  /** As nginx says it: nobody reads the answer, and nothing failed here. */
  "work-given-up": {
    status: 499,
    title: "The work was given up",
    detail: "The connection was closed before the answer was ready. Send it again.",
  },
  "work-queue-full": {
    status: 503,
    title: "Too much large work is waiting",
    detail: "Others' large texts and designs are worked on. Try again after the seconds in Retry-After.",
  },
  "work-too-long": {
    status: 503,
    title: "It takes too long",
    detail: "Split the text by namespace or kind and send the parts one after the other.",
  },
  "work-too-large": {
    status: 422,
    title: "It needs too much memory",
    detail: "Split the text by namespace or kind and send the parts one after the other.",
  },
  internal: {
    status: 500,
    title: "Something went wrong on the server",
    detail: "Try again. If it stays, look for the request id in the web log.",
  },
  "control-plane-unavailable": {
    status: 503,
    title: "The control plane does not answer",
    detail: "It restarts by itself; try again in some seconds.",
  },
  "database-unavailable": {
    status: 503,
    title: "The database does not answer",
    detail: "It restarts by itself; try again in some seconds.",
  },
} as const satisfies Record<string, ErrorRow>;

/** `type` of a problem is this and its code. */
export const PROBLEM_BASE = "https://meshwright.dev/problems/";

export type ErrorCode = keyof typeof ERRORS;

export interface Problematic {
  path: string;
  message: string;
  fix?: string | undefined;
  key?: string | undefined;
  line?: number | undefined;
}

export interface ErrorDetails {
  /** What to do in this case; overrides the table. */
  detail?: string;
  violations?: readonly Problematic[];
  /** Further members of the problem, as RFC 9457 section 3.2 allows. */
  extra?: Readonly<Record<string, unknown>>;
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
}

export class AppError extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly violations: readonly Problematic[];
  readonly extra: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: ErrorCode,
    { detail, violations = [], extra = {}, headers = {}, cause }: ErrorDetails = {},
  ) {
    const row = ERRORS[code];
    super(`${code}: ${detail ?? row.detail}`, { cause });
    this.name = "AppError";
    this.status = row.status;
    this.title = row.title;
    this.detail = detail ?? row.detail;
    this.violations = violations;
    this.extra = extra;
    this.headers = headers;
  }
}
