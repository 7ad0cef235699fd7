"use client";
// The rules of a route, of HTTP or TCP: tried in order, one is needed, a copy has a name of its own.
import { type ReactNode, useEffect, useRef } from "react";
import { unbroken } from "@/components/ui";
import { keyed } from "./keyed";
import { AddEntry, Entry, Section } from "./parts";

/** Of more rules each begins as its title, so that the list can be seen. */
const MOST_OPEN = 3;
const RULES = ["spec", "rules"] as const;

export function OrderedRules<R extends { name?: string | undefined }>(props: {
  rules: readonly R[];
  hint: string;
  /** What a new one begins with. */
  entry: R;
  effect: (rule: R) => string;
  children: (path: readonly [...typeof RULES, number], rule: R) => ReactNode;
}) {
  const { rules, entry, effect } = props;
  const isThere = useRef(false);
  useEffect(() => {
    isThere.current = true;
  }, []);
  return (
    <Section title="Rules" hint={props.hint}>
      {keyed(rules, (rule) => rule.name ?? "").map(({ key, item: rule, at: i }) => (
        <Entry
          key={key}
          list={RULES}
          at={i}
          count={rules.length}
          name={rule.name ? `rule ${rule.name}` : `rule ${i + 1}`}
          title={unbroken(`${i + 1}. ${effect(rule)}`)}
          fold={isThere.current || rules.length <= MOST_OPEN ? "open" : "closed"}
          isOrdered
          isLastNeeded
          copy={{ ...rule, name: rule.name ? `${rule.name}-copy` : undefined }}
        >
          {props.children([...RULES, i], rule)}
        </Entry>
      ))}
      <AddEntry list={RULES} count={rules.length} entry={entry}>
        Add a rule
      </AddEntry>
    </Section>
  );
}
