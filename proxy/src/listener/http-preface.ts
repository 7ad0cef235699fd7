// Reads the first bytes of plain text as HTTP, as far as Envoy's http_inspector does: the preface of HTTP/2, or the first line of a
// request. Rule: it names a protocol or none; what a request is worth, the codec says.

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const maxLineBytes = 65_536;
/** As Envoy's parser: a method, a path or an absolute address, and a version or none; all that is not 1.1 is HTTP/1.0. */
const requestLine =
  /^[\w!#$%&'*+.^`|~-]+ +(?:[/*]|[A-Za-z][\w+.-]*:\/\/|(?<=^CONNECT +))[!-~]*(?: +(HTTP\/\d\.\d))?\r?$/;

/** The protocol by the name that filter chains have for it; "" for none of them; null when more has to come. */
export function readHttpPreface(bytes: Buffer): "h2c" | "http/1.1" | "http/1.0" | "" | null {
  const start = bytes.toString("latin1", 0, preface.length);
  if (preface.startsWith(start)) return start.length < preface.length ? null : "h2c";
  const end = bytes.indexOf("\n");
  if (end < 0) return bytes.length < maxLineBytes ? null : "";
  const line = requestLine.exec(bytes.toString("latin1", 0, end));
  if (line === null) return "";
  return line[1] === "HTTP/1.1" ? "http/1.1" : "http/1.0";
}
