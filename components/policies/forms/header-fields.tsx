"use client";
// What happens to headers, of a rule or of one of its destinations: six short lists that stay folded until somebody wants them.
// Rule: what is emptied is gone from the design as well, so that nothing is left that says nothing.
import { Text } from "@mantine/core";
import type { HeaderChanges, Path, RouteRule } from "@/lib/mesh";
import { ListField } from "./fields";
import { usePolicyForm } from "./form-context";
import classes from "./forms.module.css";
import { LinesField } from "./lines-field";

type Headers = NonNullable<RouteRule["headers"]>;
const SIDES = [
  ["request", "Requests"],
  ["response", "Answers"],
] as const;

/** `of`: whose requests and answers, as "to v2". */
export function HeaderFields({ path, headers, of }: { path: Path; headers: Headers | undefined; of: string }) {
  const form = usePolicyForm();
  const count = changesIn(headers);
  const field = (side: keyof Headers, name: "set" | "add") => (
    <LinesField
      path={[...path, side, name]}
      label={name === "set" ? "Set" : "Add"}
      value={headers?.[side]?.[name] ?? {}}
      minRows={1}
      placeholder="x-name: value"
      onRead={(lines) => form.set(path, changed(headers, side, { [name]: lines }))}
    />
  );
  return (
    <details className={classes.details}>
      <summary>
        Headers {of}
        {count === 0 ? "" : `: ${count} ${count === 1 ? "change" : "changes"}`}
      </summary>
      {SIDES.map(([side, title]) => (
        <fieldset key={side} className={classes.fieldset}>
          <Text component="legend" size="xs" fw={600}>
            {title}
          </Text>
          {field(side, "set")}
          {field(side, "add")}
          <ListField
            path={[...path, side, "remove"]}
            label="Remove"
            value={headers?.[side]?.remove}
            placeholder="none"
            onList={(remove) => form.set(path, changed(headers, side, { remove }))}
          />
        </fieldset>
      ))}
    </details>
  );
}

/** Undefined where nothing is left. */
export function changed(headers: Headers | undefined, side: keyof Headers, to: HeaderChanges): Headers | undefined {
  const own = Object.entries({ ...headers?.[side], ...to }).filter(([, value]) => Object.keys(value ?? {}).length > 0);
  const { [side]: _, ...others } = headers ?? {};
  const all = { ...others, ...(own.length > 0 ? { [side]: Object.fromEntries(own) } : {}) };
  return Object.keys(all).length > 0 ? all : undefined;
}

const changesIn = (headers: Headers | undefined): number =>
  [headers?.request, headers?.response].reduce(
    (sum, { set = {}, add = {}, remove = [] } = {}) =>
      sum + Object.keys(set).length + Object.keys(add).length + remove.length,
    0,
  );
