// Filters of a rule -> redirect, rewrite, header changes and CORS.
// The rule: a filter that the model has no word for is kept at its place; the report says whether calls would notice.
import type { Cors, Mirror, RouteAction, RouteRule } from "@/lib/mesh";
import type { ImportContext, Resource } from "../shared/context";
import type { Fields } from "../shared/fields";
import { importCors } from "./cors";
import { headerChangesOf } from "./header-filters";
import { importMirror } from "./mirror";

export type Filtered = {
  action?: RouteAction;
  rewrite?: RouteRule["rewrite"];
  /** The rewrite replaces the whole path, whatever was matched. */
  replacesWholePath: boolean;
  headers?: RouteRule["headers"];
  cors?: Cors;
  mirrors?: Mirror[];
};

/** What a mirror is to a product of its own; false: it has no counterpart. */
export type ReadMirror = (filter: Fields) => boolean;

export function importFilters(
  context: ImportContext,
  resource: Resource,
  rule: Fields,
  readMirror?: ReadMirror,
): Filtered {
  const result: Filtered = { replacesWholePath: false };
  for (const filter of rule.list("filters")) {
    const type = filter.peek("type");
    switch (type) {
      case "RequestHeaderModifier":
      case "ResponseHeaderModifier": {
        result.headers = { ...result.headers, ...headerChangesOf(filter) };
        break;
      }
      case "RequestRedirect":
        filter.take("type");
        importRedirect(filter.object("requestRedirect"), result);
        break;
      case "URLRewrite":
        filter.take("type");
        importRewrite(filter.object("urlRewrite"), result);
        break;
      case "CORS": {
        const cors = importCors(filter.object("cors"));
        if (cors) result.cors = cors;
        else tellOther(context, resource, filter, type);
        break;
      }
      case "RequestMirror": {
        if (readMirror?.(filter)) break;
        const mirror = readMirror ? undefined : importMirror(context, resource, filter);
        if (mirror) result.mirrors = [...(result.mirrors ?? []), mirror];
        else tellOther(context, resource, filter, type);
        break;
      }
      default:
        tellOther(context, resource, filter, String(type));
    }
    filter.keepRest();
  }
  return result;
}

function tellOther(context: ImportContext, resource: Resource, filter: Fields, type: string): void {
  const message = `filter ${type} has no counterpart in the model: it is kept and written back on export, and has no effect here`;
  const fix = "Remove it, or keep the product for what it does.";
  const isSilent = type === "RequestMirror";
  const verdict = type === "ExtensionRef" ? "escape" : "lost";
  context.warn(resource, filter.path, message, fix, { verdict, changesMeaning: !isSilent });
}

type NewPath = { type: "full" | "prefix"; value: string };

function newPath(fields: Fields | undefined): NewPath | undefined {
  if (!fields) return undefined;
  const type = fields.text("type");
  const full = fields.text("replaceFullPath");
  const prefix = fields.text("replacePrefixMatch");
  fields.keepRest();
  if (type === "ReplaceFullPath" && full !== undefined) return { type: "full", value: full };
  if (type === "ReplacePrefixMatch" && prefix !== undefined)
    return { type: "prefix", value: prefix === "" ? "/" : prefix };
  fields.problem(undefined, "says no new path", "Write ReplaceFullPath or ReplacePrefixMatch with its value.");
  return undefined;
}

const wellKnownPort = (scheme: string | undefined) => (scheme === "https" ? 443 : scheme === "http" ? 80 : undefined);

const CODES = [301, 302, 303, 307, 308] as const;

function importRedirect(fields: Fields | undefined, result: Filtered): void {
  if (!fields) return;
  const scheme = fields.text("scheme");
  const host = fields.text("hostname");
  const port = fields.number("port");
  const path = newPath(fields.object("path"));
  const status = fields.number("statusCode") ?? 302;
  fields.keepRest();
  const code = CODES.find((each) => each === status);
  if (code === undefined) fields.problem("statusCode", "is no redirect", "Use 301, 302, 303, 307 or 308.");
  result.action = {
    type: "redirect",
    ...(scheme === "http" || scheme === "https" ? { scheme } : {}),
    ...(host === undefined ? {} : { host }),
    // "Implementations SHOULD NOT add the port number in the Location header" that the scheme has anyway
    ...(port === undefined || port === wellKnownPort(scheme) ? {} : { port }),
    ...(path === undefined || path.value === ""
      ? {}
      : path.type === "prefix"
        ? { prefixRewrite: path.value }
        : { path: path.value }),
    code: code ?? 302,
  };
}

function importRewrite(fields: Fields | undefined, result: Filtered): void {
  if (!fields) return;
  const host = fields.text("hostname");
  const path = newPath(fields.object("path"));
  fields.keepRest();
  result.replacesWholePath = path?.type === "full";
  const value = path?.value === "" ? "/" : path?.value;
  if (host === undefined && value === undefined) return;
  result.rewrite = { ...(value === undefined ? {} : { path: value }), ...(host === undefined ? {} : { host }) };
}
