"use client";
// People and roles, invites, API tokens, environments, one's own account, what the mesh tells and whom it asks. Rule: a secret is shown once, where it was made.
import { Tabs } from "@mantine/core";
import { MeshAuthorizers, MeshTelemetry } from "@/components/policies";
import { useMe, useUrlParameters } from "@/components/shell";
import { Answer, Page } from "@/components/ui";
import { Account } from "./account";
import { Audit } from "./audit";
import { Environments } from "./environments";
import { People } from "./people";
import { ThisMesh } from "./this-mesh";
import { Tokens } from "./tokens";

const tabs = [
  { value: "account", label: "You" },
  { value: "people", label: "People" },
  { value: "tokens", label: "API tokens" },
  { value: "environments", label: "Environments" },
  { value: "telemetry", label: "Telemetry" },
  { value: "authorizers", label: "Authorizers" },
  { value: "mesh", label: "This mesh" },
  { value: "audit", label: "Audit log" },
] as const;

export function Settings() {
  const { search, set } = useUrlParameters();
  const { can } = useMe();
  const tab = tabs.find((each) => each.value === search.get("tab"))?.value ?? "account";
  return (
    <Page>
      <Answer eyebrow="Settings" answer="Who may do what, and how machines get in." />
      <Tabs value={tab} onChange={(value) => set({ tab: value === "account" ? null : value })} keepMounted={false}>
        <Tabs.List mb="md">
          {tabs
            .filter((each) => each.value !== "people" || can("people.manage"))
            .map((each) => (
              <Tabs.Tab key={each.value} value={each.value}>
                {each.label}
              </Tabs.Tab>
            ))}
        </Tabs.List>
        <Tabs.Panel value="account">
          <Account />
        </Tabs.Panel>
        <Tabs.Panel value="people">
          <People />
        </Tabs.Panel>
        <Tabs.Panel value="tokens">
          <Tokens />
        </Tabs.Panel>
        <Tabs.Panel value="environments">
          <Environments />
        </Tabs.Panel>
        <Tabs.Panel value="telemetry">
          <MeshTelemetry />
        </Tabs.Panel>
        <Tabs.Panel value="authorizers">
          <MeshAuthorizers />
        </Tabs.Panel>
        <Tabs.Panel value="mesh">
          <ThisMesh />
        </Tabs.Panel>
        <Tabs.Panel value="audit">
          <Audit />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
