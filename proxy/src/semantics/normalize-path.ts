// Path normalisation before routing and authorization (Envoy normalize_path, merge_slashes, escaped slashes).
// One rule: what cannot be normalised is refused, never passed on as it came.

export interface PathNormalization {
  readonly normalizePath: boolean;
  readonly mergeSlashes: boolean;
  readonly escapedSlashes: "keep" | "reject" | "unescape-and-forward";
}

const UNRESERVED_ESCAPE = /%(?:2[de]|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/gi;

/** The path (with its query) to route on, or null: answer 400. */
export function normalizePath(path: string, options: PathNormalization): string | null {
  const end = path.search(/[?#]/);
  let pathname = end < 0 ? path : path.slice(0, end);
  const query = end < 0 ? "" : path.slice(end);
  if (options.escapedSlashes !== "keep" && /%2f|%5c/i.test(pathname)) {
    if (options.escapedSlashes === "reject") {
      return null;
    }
    pathname = pathname.replace(/%2f/gi, "/").replace(/%5c/gi, "\\");
  }
  if (options.normalizePath) {
    const canonical = canonicalPath(pathname);
    if (canonical === null) {
      return null;
    }
    pathname = canonical;
  }
  if (options.mergeSlashes) {
    pathname = pathname.replace(/\/{2,}/g, "/");
  }
  return pathname + query;
}

/** RFC 3986 6.2.2: unreserved characters unescaped, other escapes in upper case, backslash as slash, dots removed. */
function canonicalPath(pathname: string): string | null {
  if (!pathname.startsWith("/") || /%(?![0-9a-f]{2})|%00/i.test(pathname)) {
    return null;
  }
  const plain = pathname
    .replace(UNRESERVED_ESCAPE, (hex) => String.fromCharCode(Number.parseInt(hex.slice(1), 16)))
    .replace(/%[0-9a-f]{2}/gi, (hex) => hex.toUpperCase())
    .replace(/\\/g, "/");
  const segments = plain.split("/");
  const kept: string[] = [];
  segments.slice(1).forEach((segment, index) => {
    const isLast = index === segments.length - 2;
    if (segment === "..") {
      kept.pop();
    }
    if (segment === "." || segment === "..") {
      if (isLast) {
        kept.push("");
      }
    } else {
      kept.push(segment);
    }
  });
  return `/${kept.join("/")}`;
}
