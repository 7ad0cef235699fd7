"use client";
// Which redirects of the destination the proxy follows itself. Rule: put there whole and taken away by one switch, for the most is always said.
import { Switch } from "@mantine/core";
import type { InternalRedirects, Path } from "@/lib/mesh";
import { ChoiceField, ListField, NumberField, SwitchField } from "./fields";
import { useDescription, usePolicyForm } from "./form-context";
import { Row } from "./parts";

const NEW: InternalRedirects = { max: 1, codes: [303, 307, 308] };
const SCHEMES = [
  { value: "safe", label: "from https to http" },
  { value: "any", label: "both ways" },
];

export function RedirectFields({ path, redirects }: { path: Path; redirects: InternalRedirects | undefined }) {
  const form = usePolicyForm();
  const description = useDescription(path);
  return (
    <>
      <Switch
        size="xs"
        label="Follow the destination's redirects"
        description={description}
        disabled={form.isReadOnly}
        checked={redirects !== undefined}
        onChange={(event) => form.set(path, event.currentTarget.checked ? NEW : undefined)}
      />
      {redirects ? (
        <>
          <Row>
            <NumberField
              path={[...path, "max"]}
              label="Most redirects"
              description="Of one request."
              value={redirects.max}
            />
            <ListField
              path={[...path, "codes"]}
              label="Of these statuses"
              description="301, 302, 303, 307, 308."
              value={redirects.codes}
              choices={["301", "302", "303", "307", "308"]}
              placeholder="default 302"
              isNumeric
            />
          </Row>
          <Row>
            <ChoiceField
              path={[...path, "crossScheme"]}
              label="To another scheme"
              description="Between http and https."
              value={redirects.crossScheme}
              choices={SCHEMES}
              placeholder="not followed (default)"
            />
            <ListField
              path={[...path, "copyHeaders"]}
              label="Headers it takes along"
              description="Of the redirect, for the next request."
              value={redirects.copyHeaders}
              placeholder="none"
            />
          </Row>
          <SwitchField path={[...path, "oncePerRule"]} label="To each rule once" value={redirects.oncePerRule} />
        </>
      ) : null}
    </>
  );
}
