"use client";
// An answer of the simulator: its sentence, and which proxy decided by which rule. Rule: a rule is a link to where it is written.
import { Anchor, Text } from "@mantine/core";
import Link from "next/link";
import { sharedSearch, useMesh, writeParameters } from "@/components/shell";
import { parseKey } from "@/lib/mesh";
import { isPolicyKind } from "@/lib/mesh/policies";
import type { Answer } from "@/lib/simulate";
import { reasonsOf } from "./consequences";
import classes from "./edit.module.css";

/** Without a word, only the reasons: the sentence stands above already. */
export function AnswerLine({ word, answer }: { word?: string; answer: Answer }) {
  const { mesh } = useMesh();
  return (
    <div>
      {word ? (
        <Text size="xs">
          <strong>{word}:</strong> {answer.sentence}
        </Text>
      ) : null}
      <ul className={classes.reasons}>
        {reasonsOf(answer).map((reason) => (
          <li key={reason.id}>
            {reason.text}{" "}
            {reason.object ? <PolicyLink mesh={mesh} objectKey={reason.object} path={reason.path} /> : null}
          </li>
        ))}
      </ul>
    </div>
  );
}

function PolicyLink({ mesh, objectKey, path }: { mesh: string; objectKey: string; path: string | null }) {
  const parts = parseKey(objectKey);
  if (!parts || !isPolicyKind(parts.kind)) return null;
  const search = typeof window === "undefined" ? "" : writeParameters(sharedSearch(window.location.search), { path });
  return (
    <Anchor component={Link} size="xs" href={`/meshes/${mesh}/policies/${objectKey}${search}`}>
      {parts.name}
    </Anchor>
  );
}
