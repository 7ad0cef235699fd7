"use client";
// The answer: where it goes with which share, then the path hop by hop. Rule: every decision links to what made it.
import { Anchor, Text } from "@mantine/core";
import Link from "next/link";
import { Panel } from "@/components/ui";
import { parseKey } from "@/lib/mesh";
import type { Answer, AnswerDestination, Question } from "@/lib/simulate";
import { localityWords } from "@/lib/simulate/words";
import { HopCard } from "./hop-card";
import { allowLink } from "./links";
import classes from "./simulate.module.css";
import { outcomeWord } from "./words";

interface Props {
  mesh: string;
  answer: Answer;
  question: Question;
  /** The service of the calling workload. */
  caller: string | undefined;
}

export function AnswerView({ mesh, answer, question, caller }: Props) {
  return (
    <>
      {answer.destinations.length > 0 ? (
        <Panel title="Where such requests go">
          <ul className={classes.shares} aria-label="Destinations with their share">
            {answer.destinations.map((each) => (
              <Share key={`${each.service} ${each.subset ?? ""} ${each.outcome}`} destination={each} />
            ))}
          </ul>
        </Panel>
      ) : null}
      {answer.hops.length > 0 ? (
        <ol className={classes.hops} aria-label="Hop by hop">
          {answer.hops.map((hop) => (
            <HopCard key={`${hop.proxy} ${hop.direction}`} mesh={mesh} hop={hop} />
          ))}
        </ol>
      ) : null}
      <NextStep mesh={mesh} answer={answer} question={question} caller={caller} />
    </>
  );
}

function Share({ destination }: { destination: AnswerDestination }) {
  const { service, subset, probability, outcome, status, workloads } = destination;
  const percent = Math.round(probability * 1000) / 10;
  const name = `${parseKey(service)?.name ?? service}${subset === undefined ? "" : ` · ${subset}`}`;
  const names = workloads.map((key) => parseKey(key)?.name ?? key).join(", ");
  return (
    <li className={classes.share} data-bad={outcome === "forwarded" ? undefined : true}>
      <span className={classes.shareName}>{name}</span>
      <span className={classes.bar} aria-hidden="true">
        <span style={{ width: `${percent}%` }} />
      </span>
      <span className={classes.percent}>{percent} %</span>
      <Text size="xs" c="dimmed" component="span" className={classes.shareNote}>
        {outcome === "forwarded"
          ? destination.localities
            ? localityWords(destination.localities)
            : names || "outside the mesh"
          : `${outcomeWord[outcome]}${status === null ? "" : ` (${status})`}`}
      </Text>
    </li>
  );
}

/** Who is refused because nothing allows the call is offered the policy that would. */
function NextStep({ mesh, answer, question, caller }: Props) {
  const callee = answer.destinations[0]?.service;
  const authorization = answer.hops.at(-1)?.authorization;
  // Where a token or an authorizer refuses, no policy of calls would help.
  const isMissing = answer.outcome === "denied" && authorization !== undefined && authorization.policy === undefined;
  if (!isMissing || callee === undefined || caller === undefined) return null;
  const href = allowLink(mesh, { from: caller, to: callee, method: question.method, path: question.path });
  return (
    <Text size="sm">
      Should this be allowed?{" "}
      <Anchor component={Link} href={href} underline="always">
        Write a policy for this call
      </Anchor>
    </Text>
  );
}
