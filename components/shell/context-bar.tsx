"use client";
// What am I looking at, compared with what, over which time. Rule: everything here is in the URL and nothing else.
import { Button, Menu, Text, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconChevronDown, IconClock, IconGitCompare, IconSearch, IconStack2 } from "@tabler/icons-react";
import { usePathname } from "next/navigation";
import { openFinder } from "./finder";
import { useMesh } from "./mesh-context";
import { Presence } from "./presence";
import { ReadOnlyMark } from "./read-only";
import classes from "./shell.module.css";
import { useView } from "./use-view";
import {
  atWord,
  baseOf,
  baseWord,
  comparingOf,
  isOverTime,
  type Range,
  ranges,
  rangeWord,
  subjectOf,
  subjectWord,
} from "./view";

export function ContextBar() {
  const pathname = usePathname();
  const comparing = comparingOf(pathname);
  const subject = subjectOf(pathname);
  const { view, setView } = useView();
  const { mesh, environments, environment, revisions, atOf, isLoading } = useMesh();
  const states = [
    { value: "draft", label: "Draft", hint: "what is being edited" },
    {
      value: "running",
      label: `Running in ${environment?.name ?? "the environment"}`,
      hint: "what the proxies were given",
    },
    ...revisions.map((each) => ({
      value: `r${each.number}`,
      label: `Revision r${each.number}`,
      hint: each.message ?? "",
    })),
  ];
  const isOfRuns = subject === "run-or-revision";
  const at = isOfRuns && view.at === "draft" ? "running" : view.at;
  const isAlways = comparing === "always";
  const base = baseOf(view.vs, { running: atOf("running"), latest: revisions[0] ? `r${revisions[0].number}` : null });
  const versus = isAlways ? baseWord(base) : view.vs ? atWord(view.vs) : "nothing";
  return (
    <div className={classes.contextBar}>
      <div className={classes.contextGroup}>
        {subject === "chosen" || isOfRuns ? (
          <Choice icon={<IconStack2 size={14} />} label="Looking at" value={atWord(at)}>
            {states
              .filter(({ value }) => !isOfRuns || value !== "draft")
              .map((state) => (
                <Menu.Item key={state.value} onClick={() => setView({ at: state.value })}>
                  <StateLabel {...state} />
                </Menu.Item>
              ))}
          </Choice>
        ) : (
          <Fixed
            icon={<IconStack2 size={14} />}
            label="Looking at"
            value={isLoading ? null : subjectWord(subject, atOf("running"))}
          />
        )}
        {comparing !== "never" ? (
          <Choice
            icon={<IconGitCompare size={14} />}
            label="Compared with"
            value={`vs ${versus}`}
            quiet={versus === "nothing"}
          >
            <Menu.Item onClick={() => setView({ vs: null })}>
              {isAlways ? (
                <StateLabel label="By itself" hint="what runs, or the newest revision while nothing does" />
              ) : (
                "Nothing"
              )}
            </Menu.Item>
            {states
              .filter((state) => state.value !== (isAlways ? "draft" : view.at))
              .map((state) => (
                <Menu.Item key={state.value} onClick={() => setView({ vs: state.value })}>
                  <StateLabel {...state} />
                </Menu.Item>
              ))}
          </Choice>
        ) : null}
        {isOverTime(pathname) ? (
          <Choice icon={<IconClock size={14} />} label="Time range" value={rangeWord[view.range]}>
            {ranges.map((range: Range) => (
              <Menu.Item key={range} onClick={() => setView({ range })}>
                {rangeWord[range]}
              </Menu.Item>
            ))}
          </Choice>
        ) : null}
        {environments.length > 1 ? (
          <Choice icon={null} label="Environment" value={environment?.name ?? ""}>
            {environments.map((each) => (
              <Menu.Item key={each.id} onClick={() => setView({ environment: each.name })}>
                {each.name}
              </Menu.Item>
            ))}
          </Choice>
        ) : null}
      </div>
      <ReadOnlyMark />
      <Presence mesh={mesh} />
      <Button
        variant="default"
        size="compact-sm"
        className={classes.findButton}
        leftSection={<IconSearch size={14} />}
        onClick={openFinder}
        aria-label="Find anything, Ctrl K"
      >
        <span className={classes.findText}>Find</span>
        <kbd className={classes.kbd}>Ctrl K</kbd>
      </Button>
    </div>
  );
}

function StateLabel({ label, hint }: { label: string; hint: string }) {
  return (
    <>
      <Text size="sm">{label}</Text>
      {hint ? (
        <Text size="xs" c="dimmed" lineClamp={1}>
          {hint}
        </Text>
      ) : null}
    </>
  );
}

/** What a screen is always about; nothing to choose. */
function Fixed({ icon, label, value }: { icon: React.ReactNode; label: string; value: string | null }) {
  if (value === null) return null;
  return (
    <span className={classes.fixed}>
      {icon}
      <VisuallyHidden>{label}: </VisuallyHidden>
      <span className={classes.choiceText}>{value}</span>
    </span>
  );
}

function Choice(props: {
  icon: React.ReactNode;
  label: string;
  value: string;
  quiet?: boolean;
  children: React.ReactNode;
}) {
  return (
    <Menu position="bottom-start" width={260}>
      <Menu.Target>
        <UnstyledButton
          className={classes.choice}
          data-quiet={props.quiet || undefined}
          aria-label={`${props.label}: ${props.value}`}
        >
          {props.icon}
          <span className={classes.choiceText}>{props.value}</span>
          <IconChevronDown size={12} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown className={classes.menuScroll}>
        <Menu.Label>{props.label}</Menu.Label>
        {props.children}
      </Menu.Dropdown>
    </Menu>
  );
}
