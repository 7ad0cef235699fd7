// Where a live answer is not what the simulator told, in words. The rule: only what the mesh decides is compared, all of it:
// status, who answered, what reached the app, why it was refused as far as the caller can see, headers, redirects, CORS, limits.

import { answerTo, ask } from "../ask";
import { hostText } from "../host-text";
import type { Scene } from "../scene";
import type { Answer, AnswerDestination, Hop, HopRewrites, Question } from "../types";
import { CLOSED, type LiveAnswer } from "./live-ground";

/** With each of the destinations that a draw may take: those of the answer that comes nearest to what was got. */
export function leastDifferences(scene: Scene, question: Question, live: LiveAnswer): string[] {
  const answer = ask(scene, question);
  const [least = []] = possibleAnswers(scene, question, answer)
    .map((each) => differences(question, each, live))
    .sort((a, b) => a.length - b.length);
  return least;
}

/** Finer than the smallest share that a random design gives. */
const DRAWS = 20;
function possibleAnswers(scene: Scene, question: Question, answer: Answer): Answer[] {
  if (answer.destinations.length < 2) return [answer];
  return Array.from({ length: DRAWS }, (_, i) => answerTo(scene, { ...question, draw: (i + 0.5) / DRAWS }, false));
}

export function differences(question: Question, answer: Answer, live: LiveAnswer): string[] {
  if ((answer.outcome === "refused" || answer.outcome === "no-route") && answer.status === null) {
    return live.status === CLOSED ? [] : [`told that the connection is closed, got ${live.status}`];
  }
  const pages = corsDifferences(answer, live);
  if (answer.status !== null) return [...pages, ...ownDifferences(answer, answer.status, live)];
  return [...pages, ...appDifferences(question, answer, live)];
}

function corsDifferences({ hops }: Answer, { headers }: LiveAnswer): string[] {
  const told = (hops[0]?.cors?.headers ?? []).map(({ name, value }) => [name, value]);
  const got = Object.entries(headers).filter(([name]) => name.startsWith("access-control-"));
  const [a, b] = [told, got].map((each) => JSON.stringify(Object.fromEntries(each.sort())));
  return a === b ? [] : [`told ${a}, got ${b}`];
}

/** A proxy answered. */
function ownDifferences(answer: Answer, status: number, live: LiveAnswer): string[] {
  if (live.app) return [`told ${status}, the app ${live.app.name} answered`];
  const found: string[] = [];
  if (answer.grpcStatus !== undefined) {
    const got = live.headers["grpc-status"];
    if (live.status !== 200 || got !== String(answer.grpcStatus)) {
      found.push(`told grpc-status ${answer.grpcStatus}, got ${live.status} with grpc-status ${got}`);
    }
    return found;
  }
  if (live.status !== status) return [`told ${status}, got ${live.status} ${live.body}`];
  const { location } = answer.hops[0]?.reply ?? {};
  if (location !== live.headers["location"]) found.push(`told location ${location}, got ${live.headers["location"]}`);
  const body = bodyOf(answer);
  if (live.body !== "" && body !== undefined && !live.body.startsWith(body)) {
    found.push(`told body ${body}, got ${live.body}`);
  }
  return found;
}

/** By which the reason of a refusal is known; undefined: the answer says nothing of it. */
function bodyOf({ outcome, hops }: Answer): string | undefined {
  const [first] = hops;
  const token = hops.at(-1)?.token;
  if (first?.reply?.body !== undefined) return first.reply.body;
  if (token && token.status !== null) return /\((.*)\)/.exec(token.why)?.[1];
  // the authorizer's own words, or none
  if (hops.at(-1)?.authorizers?.some(({ status }) => status !== null)) return undefined;
  if (outcome === "denied") return "RBAC: access denied";
  if (hops.some(({ mtls }) => mtls === "refused")) return "upstream connect error";
  return outcome === "unreachable" ? "no healthy upstream" : undefined;
}

function appDifferences({ path, to }: Question, answer: Answer, live: LiveAnswer): string[] {
  const { app } = live;
  if (!app) return [`told forwarded, got ${live.status} ${live.body}`];
  const found: string[] = [];
  const { rewrites } = answer.hops[0] ?? {};
  const names = answer.destinations
    .filter(({ outcome }) => outcome === "forwarded")
    .flatMap((each) => (each.service.startsWith("ExternalService/") ? [each.service] : calledNow(each)));
  if (!names.some((name) => name.endsWith(`/${app.name}`))) found.push(`told ${names}, got ${app.name}`);
  const told = answer.hops[1]?.rewrites?.path?.to ?? rewrites?.path?.to ?? path;
  if (app.url !== told) found.push(`told path ${told}, got ${app.url}`);
  const host = rewrites?.host?.to ?? hostText(to);
  if (app.host !== host) found.push(`told host ${host}, got ${app.host}`);
  const requests = [...(rewrites?.headers ?? []), ...(answer.hops[1]?.rewrites?.headers ?? [])];
  found.push(...headerDifferences("request", requests, app.headers));
  found.push(...headerDifferences("response", rewrites?.responseHeaders ?? [], live.headers));
  return [...found, ...cookieDifferences(answer.hops, live), ...limitDifferences(answer.hops, live)];
}

/** While all of them are well: those in places that get a share. */
export function calledNow({ workloads, localities }: AnswerDestination): string[] {
  return localities?.flatMap((each) => (each.probability > 0 ? each.workloads : [])) ?? workloads;
}

/** Who has not the cookie that hosts are chosen by is given it, and nobody else. */
function cookieDifferences([first]: readonly Hop[], { headers }: LiveAnswer): string[] {
  const told = (first?.hash?.keys ?? []).flatMap(({ key, isGiven }) => (isGiven ? [key.replace("cookie ", "")] : []));
  const given = (headers["set-cookie"] ?? "").split(",").flatMap((each) => each.split("=")[0] || []);
  return told.join() === given.join() ? [] : [`told that the cookies "${told}" are given, got "${given}"`];
}

/** In order: what a later change of the same name undoes is not looked for. */
function headerDifferences(
  what: string,
  changes: HopRewrites["headers"],
  got: Readonly<Record<string, string>>,
): string[] {
  return changes.flatMap(({ op, name, value = "" }, i) => {
    const key = name.toLowerCase();
    const later = changes.slice(i + 1).filter((each) => each.name.toLowerCase() === key);
    if (later.some((each) => op === "remove" || each.op !== "add")) return [];
    const is = got[key];
    const isTold = op === "remove" ? is === undefined : is === value || (is ?? "").split(", ").includes(value);
    return isTold ? [] : [`told ${what} header ${name} ${op} ${value}, got ${is}`];
  });
}

/** Where callers are told of limits, the one that counts is known by its size. */
function limitDifferences(hops: readonly Hop[], { headers }: LiveAnswer): string[] {
  const got = headers["x-ratelimit-limit"];
  const burst = hops.at(-1)?.rateLimit?.burst;
  return got === undefined || got === String(burst) ? [] : [`told a limit of ${burst}, got ${got}`];
}
