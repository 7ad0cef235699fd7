// What an authorization rule compares beside names of the design: patterns, addresses, and conditions of their own.
// The rule: a pattern is text with one * at its beginning or end; an address is one, or a range with its length.
import { z } from "zod";
import { matchText, shortText } from "./primitives";

const V4 = "(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\\.(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}(/(3[0-2]|[12]?[0-9]))?";
/** Groups of one address of IPv6, at most one run of zeros left out; what is left over the proxy refuses. */
const V6 = "(?=[^/]*:)(?!.*::.*::)[0-9A-Fa-f:]{2,39}(:[0-9.]{7,15})?(/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?";
const ADDRESS = new RegExp(`^(${V4}|${V6})$`);

export const addressBlock = z
  .string()
  .max(49)
  .regex(ADDRESS, "must be an IP address or a range, like 10.1.2.3, 10.0.0.0/8 or 2001:db8::/32");
export const namePattern = z
  .string()
  .min(1, "must not be empty")
  .max(253, "must have at most 253 characters")
  .regex(/^[^\s/]+$/, "must not have spaces or slashes");
/** Of an HTTP method; one that no request has matches none. */
export const methodPattern = z
  .string()
  .min(1, "must not be empty")
  .max(64, "must have at most 64 characters")
  .regex(/^[^\s/]+$/, "must be an HTTP method");
export const hostPattern = z
  .string()
  .min(1, "must not be empty")
  .max(253, "must have at most 253 characters")
  .regex(/^[^\s/]+$/, 'must be a host name, "*" or one with a * at the beginning or end');

export const CONDITION_SUBJECTS = [
  "address",
  "clientAddress",
  "principal",
  "namespace",
  "token",
  "targetAddress",
  "targetPort",
  "serverName",
  "metadata",
] as const;

const ADDRESSES: ReadonlySet<string> = new Set(["address", "clientAddress", "targetAddress"]);

/** As Istio's `when`, for what stands beside a rule's callers and operations: two lists of which both have to hold. */
export const authorizationCondition = z
  .strictObject({
    of: z
      .enum(CONDITION_SUBJECTS)
      .describe(
        "What is compared: the caller's address, principal, namespace or token, the address or port that it calls, the server name of its TLS connection, or metadata that a filter of the proxy left.",
      ),
    name: shortText
      .min(1)
      .optional()
      .describe("Of metadata: the filter's name, and keys in brackets, as com.acme.filter[tenant]."),
    values: z
      .array(matchText.min(1))
      .min(1)
      .max(256)
      .optional()
      .describe("Any of these: exact, or with a * at the beginning or end; addresses as ranges."),
    notValues: z.array(matchText.min(1)).min(1).max(256).optional().describe("None of these."),
  })
  .superRefine(({ of, name, values, notValues }, context) => {
    const say = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path, message });
    if (!values && !notValues) say(["values"], "needs values or notValues");
    if ((of === "metadata") !== (name !== undefined)) say(["name"], 'is for "metadata", and needed there');
    if (name !== undefined && !METADATA_NAME.test(name)) say(["name"], "must be a filter's name with keys in brackets");
    const check = isRight[ADDRESSES.has(of) ? "address" : of === "targetPort" ? "port" : "text"];
    for (const list of ["values", "notValues"] as const) {
      for (const [i, value] of ((list === "values" ? values : notValues) ?? []).entries()) {
        const problem = check(value);
        if (problem) say([list, i], problem);
      }
    }
  });

export const METADATA_NAME = /^([^\s[\]]+)((?:\[[^[\]]+\]){1,8})$/;

const isRight: Readonly<Record<"address" | "port" | "text", (value: string) => string | undefined>> = {
  address: (value) => (ADDRESS.test(value) ? undefined : "must be an IP address or a range, like 10.0.0.0/8"),
  port: (value) => (/^\d{1,5}$/.test(value) && Number(value) <= 65_535 ? undefined : "must be a port"),
  text: () => undefined,
};

export type AuthorizationCondition = z.infer<typeof authorizationCondition>;
