// What an external authorizer decided, whichever service said it. Rule: nothing that it says is written into a message before it was
// looked at: what would be no header field makes the answer invalid, and what frames a message is never its to change.

import { fromBinary } from "@bufbuild/protobuf";
import {
  HeaderValueOption_HeaderAppendAction as Action,
  type CheckResponse,
  CheckResponseSchema,
  type HeaderValueOption,
} from "../../contract/messages";
import type { HeaderOp, HttpAuthorizerPlan, JsonValue } from "../../plan/types";
import type { CallResult } from "../cluster-call";
import type { GrpcResult } from "../grpc-call";
import { NAME, nameInfo } from "../h1/header-list";
import { fieldOf } from "./fields";
import { changeQuery } from "./query";

/** `join`: behind the value that is there, and nothing where there is none. */
export type RequestOp = HeaderOp | { readonly op: "join"; readonly name: string; readonly value: string };

export interface Allowed {
  readonly kind: "ok";
  readonly requestHeaders: readonly RequestOp[];
  readonly responseHeaders: readonly HeaderOp[];
  readonly changePath: ((path: string) => string) | null;
  readonly metadata: Readonly<Record<string, JsonValue>> | null;
}

export interface Denied {
  readonly kind: "denied";
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer | null;
}

export type Decision = Allowed | Denied | { readonly kind: "error" | "invalid" };

const ERROR: Decision = { kind: "error" };
const INVALID: Decision = { kind: "invalid" };
const FORBIDDEN = 403;
/** Of an HTTP authorizer's answer: names that the request loses. */
const REMOVALS = "x-envoy-auth-headers-to-remove";
/** Each message has its own. */
const OWN = new Set(["date", "server"]);

class InvalidAnswer extends Error {}

export function decisionOfCheck(result: GrpcResult): Decision {
  if (result.kind === "failure") return ERROR;
  let response: CheckResponse;
  try {
    response = fromBinary(CheckResponseSchema, result.bytes);
  } catch {
    return ERROR;
  }
  return checked(() => ((response.status?.code ?? 0) === 0 ? allowed(response) : denied(response)));
}

function checked(decide: () => Decision): Decision {
  try {
    return decide();
  } catch (error) {
    if (error instanceof InvalidAnswer) return INVALID;
    throw error;
  }
}

function allowed({ httpResponse, dynamicMetadata }: CheckResponse): Decision {
  const ok = httpResponse.case === "okResponse" ? httpResponse.value : null;
  if (ok === null) return { ...NO_CHANGE, metadata: (dynamicMetadata as Allowed["metadata"]) ?? null };
  const { queryParametersToSet: set, queryParametersToRemove: removed } = ok;
  return {
    kind: "ok",
    requestHeaders: [
      ...options(ok.headers, (option) => (option.append === true ? "join" : "set")),
      ...ok.headersToRemove.flatMap(removal),
    ],
    responseHeaders: inOrder(
      options(ok.responseHeadersToAdd, ({ append, appendAction }) =>
        append === undefined ? RESPONSE_OPS[appendAction] : append ? "append" : "set",
      ),
    ),
    changePath: set.length + removed.length === 0 ? null : (path) => changeQuery(path, set, removed),
    metadata: ((ok.dynamicMetadata ?? dynamicMetadata) as Allowed["metadata"]) ?? null,
  };
}

const NO_CHANGE = { kind: "ok", requestHeaders: [], responseHeaders: [], changePath: null } as const;

const RESPONSE_OPS = {
  [Action.APPEND_IF_EXISTS_OR_ADD]: "append",
  [Action.ADD_IF_ABSENT]: "add-if-absent",
  [Action.OVERWRITE_IF_EXISTS_OR_ADD]: "set",
  [Action.OVERWRITE_IF_EXISTS]: "set-if-present",
} as const;

const ORDER = ["append", "set", "add-if-absent", "set-if-present"];

/** Envoy keeps a list of each kind. */
function inOrder(ops: readonly HeaderOp[]): HeaderOp[] {
  return ORDER.flatMap((kind) => ops.filter(({ op }) => op === kind));
}

type Op<Kind> = { readonly op: Kind; readonly name: string; readonly value: string };

function options<Kind extends string>(
  list: readonly HeaderValueOption[],
  opOf: (one: HeaderValueOption) => Kind,
): Op<Kind>[] {
  return list.flatMap((option) => {
    const [name, value] = field(option.header?.key ?? "", option.header?.value ?? "");
    return isFraming(name) ? [] : [{ op: opOf(option), name, value }];
  });
}

/** Latin1, as header lists are. */
function field(name: string, value: string): readonly [string, string] {
  const found = fieldOf(name, value);
  if (found === null) throw new InvalidAnswer();
  return found;
}

const isFraming = (name: string): boolean => (nameInfo(name).flags & (NAME.hop | NAME.contentLength)) !== 0;

/** Neither pseudo-headers nor the host: without them it is no request. */
function removal(text: string): HeaderOp[] {
  const name = text.toLowerCase();
  return name === "" || name.startsWith(":") || name === "host" || isFraming(name) ? [] : [{ op: "remove", name }];
}

function denied({ httpResponse }: CheckResponse): Decision {
  const said = httpResponse.case === "deniedResponse" ? httpResponse.value : null;
  // As Envoy: what is to be appended has nothing to be appended to.
  const headers = (said?.headers ?? []).filter(({ append }) => append !== true);
  const pairs = headers.map(({ header }) => field(header?.key ?? "", header?.value ?? ""));
  return refusal(said?.status?.code ?? 0, pairs, Buffer.from(said?.body ?? ""));
}

function refusal(code: number, headers: readonly (readonly [string, string])[], body: Buffer): Denied {
  const status = code >= 200 && code <= 599 ? code : FORBIDDEN;
  const isBodyless = body.length === 0 || status === 204 || status === 304;
  return {
    kind: "denied",
    status,
    headers: headers.filter(([name]) => !name.startsWith(":") && !isFraming(name) && !OWN.has(name)),
    body: isBodyless ? null : body,
  };
}

/** 200 lets the request go on, 5xx and no answer are errors, everything else is what the caller gets. */
export function decisionOfHttp(result: CallResult, plan: HttpAuthorizerPlan): Decision {
  if (result.kind !== "answer" || result.status >= 500) return ERROR;
  const { status, headers, body } = result;
  const pairs: [string, string][] = [];
  for (let i = 0; i < headers.length; i++) {
    const name = headers.nameAt(i);
    if (name !== REMOVALS && name !== "host") pairs.push([name, headers.valueAt(i)]);
  }
  if (status !== 200)
    return refusal(
      status,
      pairs.filter(([name]) => plan.refusalHeaders(name)),
      body,
    );
  const own = pairs.filter(([name]) => !isFraming(name));
  const ops = <Kind extends "set" | "append">(op: Kind, test: (name: string) => boolean) =>
    own.flatMap(([name, value]) => (test(name) ? [{ op, name, value }] : []));
  const removals = headers.getAll(REMOVALS).flatMap((text) => text.split(",").map((name) => name.trim()));
  return {
    ...NO_CHANGE,
    requestHeaders: [...ops("set", plan.replaces), ...ops("append", plan.appends), ...removals.flatMap(removal)],
    responseHeaders: ops("append", plan.responseHeaders),
    metadata: null,
  };
}
