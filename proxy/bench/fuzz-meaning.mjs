// What a message means, in one form for HTTP/1.1 and HTTP/2, and when two readings of it differ. Rule: only what every hop owns or the
// proxy adds is left out; the rest must be the same in name, value and order.

const hop = new Set(
  (
    "connection transfer-encoding keep-alive te trailer upgrade expect host proxy-connection http2-settings proxy-authorization " +
    "proxy-authenticate x-request-id x-forwarded-proto x-forwarded-client-cert"
  ).split(" "),
);
/** A server and a client library may add these to an answer, and the proxy says who it is. */
const answered = new Set(["date", "server", "x-envoy-upstream-service-time", "x-envoy-decorator-operation"]);

function kept(headers, isAnswer) {
  const named = headers
    .filter(([name]) => name === "connection")
    .flatMap(([, value]) => value.toLowerCase().split(","))
    .map((one) => one.trim());
  const left = headers.filter(
    ([name]) =>
      !name.startsWith(":") &&
      !hop.has(name) &&
      !named.includes(name) &&
      !name.startsWith("x-envoy-") &&
      !(isAnswer && answered.has(name)),
  );
  return joinCookies(left).map(([name, value]) => `${name}: ${value}`);
}

/** HTTP/2 may carry one Cookie field in several (RFC 9113 8.2.3). */
function joinCookies(headers) {
  const cookies = headers.filter(([name]) => name === "cookie").map(([, value]) => value);
  const rest = headers.filter(([name]) => name !== "cookie");
  return cookies.length === 0 ? rest : [...rest, ["cookie", cookies.join("; ")]];
}

const valueIn = (headers, name) => headers.find(([one]) => one === name)?.[1];

/** `url` may be in absolute form, which wins over Host (RFC 9112 3.2.2). */
export function requestMeaning({ method, url, headers, body, trailers }) {
  const absolute = /^https?:\/\/([^/?]*)(.*)$/i.exec(url);
  const host = absolute?.[1] ?? valueIn(headers, ":authority") ?? valueIn(headers, "host") ?? "";
  const rest = absolute?.[2] ?? url;
  const path = rest.startsWith("/") || rest === "*" ? rest : `/${rest}`;
  // A request without a body may say so.
  const fields = kept(headers, false).filter((one) => one !== "content-length: 0");
  return { method, path, host, headers: fields, body, trailers: kept(trailers, false) };
}

export function answerMeaning({ status, headers, body, trailers }) {
  // Where there is no body by rule (RFC 9110 8.6) its length says nothing.
  const fields = kept(headers, true).filter((one) => status !== 204 || !one.startsWith("content-length:"));
  return { status, headers: fields, body, trailers: kept(trailers, true) };
}

export function pairsOf(raw) {
  const list = [];
  for (let i = 0; i + 1 < raw.length; i += 2) list.push([String(raw[i]).toLowerCase(), String(raw[i + 1])]);
  return list;
}

export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
