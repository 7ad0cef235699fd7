"use client";
// Station 8: how it gets live, and how it gets back. Rule: numbers come from the same plan that a deployment would follow.
import { Anchor, List, Text } from "@mantine/core";
import Link from "next/link";
import { Panel, plural, StatusBadge, TimeAgo } from "@/components/ui";
import type { StationOf } from "@/lib/api/schema";
import { Lead } from "./lead";
import classes from "./review.module.css";

type Environment = StationOf<"rollout">["environments"][number];

export function RolloutStation({ mesh, content }: { mesh: string; content: StationOf<"rollout"> }) {
  const unmet = content.conditions.filter(({ metAt }) => metAt === null);
  return (
    <>
      <Lead>
        {content.environments.some(({ runsThis }) => runsThis)
          ? `${content.to} runs already.`
          : `${content.to} is not deployed yet.`}{" "}
        {unmet.length > 0
          ? `${plural(unmet.length, "condition")} of the approval ${unmet.length === 1 ? "is" : "are"} not met.`
          : ""}
      </Lead>
      {content.environments.map((environment) => (
        <EnvironmentPanel key={environment.name} mesh={mesh} environment={environment} to={content.to} />
      ))}
      {content.environments.length === 0 ? (
        <Text size="sm" c="dimmed">
          The mesh has no environment to deploy to.
        </Text>
      ) : null}
    </>
  );
}

function EnvironmentPanel({ mesh, environment, to }: { mesh: string; environment: Environment; to: string }) {
  const { rule, plan } = environment;
  return (
    <Panel
      title={environment.name}
      hint={environment.running === null ? "Nothing runs there" : `r${environment.running} runs there`}
      aside={
        <StatusBadge status={environment.allowed ? "ok" : "attention"}>
          {environment.allowed ? `${to} may be deployed` : `${to} may not be deployed yet`}
        </StatusBadge>
      }
    >
      <dl className={classes.facts}>
        <dt>Its rule</dt>
        <dd>
          {rule.kind === "none"
            ? "asks for no approval"
            : `asks for a revision with ${plural(rule.quorum, "approval")} of ${rule.roles.join(" or ")}`}
        </dd>
        <dt>For {to}</dt>
        <dd>
          {environment.sentence} {environment.wayOn}
        </dd>
        <dt>Plan</dt>
        <dd>
          {plan ? (
            <>
              {plan.proxies === 0
                ? "No proxy changes."
                : `${plural(plan.proxies, "proxy", "proxies")} in ${plural(plan.waves, "wave")}; each waits until the wave before runs it.`}
              {plan.summary.length > 0 ? (
                <List size="sm" mt={4}>
                  {plan.summary.map((line) => (
                    <List.Item key={line}>{line}</List.Item>
                  ))}
                </List>
              ) : null}
            </>
          ) : (
            (environment.planProblem ?? "No plan could be made.")
          )}
        </dd>
        <dt>Way back</dt>
        <dd>{environment.wayBack}</dd>
        <dt>Lately</dt>
        <dd>
          {environment.deployments.length === 0
            ? "no deployment"
            : environment.deployments.map((each) => (
                <div key={each.id}>
                  r{each.revision} {each.state} by {each.startedBy}, <TimeAgo at={each.createdAt} />
                </div>
              ))}
          <Anchor component={Link} href={`/meshes/${mesh}/rollouts`} size="sm">
            Rollouts
          </Anchor>
        </dd>
      </dl>
    </Panel>
  );
}
