"use client";
// What colours, lines and shapes mean; always in place, foldable. Rule: everything the canvas can show stands here.
import { UnstyledButton } from "@mantine/core";
import { useLocalStorage, useMediaQuery } from "@mantine/hooks";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { type Status, StatusIcon, statusWord } from "@/components/ui";
import { type Overlay, overlayWords, toneWords } from "./model/overlays";
import { namespaceColour } from "./model/to-canvas";
import classes from "./topology.module.css";

const lines: { dash: string; width: number; word: string }[] = [
  { dash: "", width: 3, word: "all in mTLS" },
  { dash: "12 4 2 4", width: 3, word: "some in mTLS" },
  { dash: "1 6", width: 3, word: "plain text" },
  { dash: "", width: 1, word: "encryption unknown" },
  { dash: "8 6", width: 1.5, word: "drawn, no traffic" },
];
const statuses: Status[] = ["ok", "attention", "failing", "stale", "unmeasured"];

export function Legend(props: {
  namespaces: readonly string[];
  overlay: Overlay;
  names: readonly { name: string; colour: string }[];
}) {
  const said = toneWords[props.overlay];
  const stripes =
    props.names.length > 0 ? props.names : props.namespaces.map((name) => ({ name, colour: namespaceColour(name) }));
  const [wish, setWish] = useLocalStorage<boolean | null>({ key: "meshwright-legend", defaultValue: null });
  const isPhone = useMediaQuery("(max-width: 48em)");
  const opened = wish ?? !isPhone;
  return (
    <section className={`${classes.legend} touch`} aria-label="Legend">
      <UnstyledButton className={classes.legendHead} onClick={() => setWish(!opened)} aria-expanded={opened}>
        Legend {opened ? <IconChevronDown size={14} aria-hidden /> : <IconChevronUp size={14} aria-hidden />}
      </UnstyledButton>
      {opened ? (
        <div className={classes.legendBody}>
          <ul>
            {lines.map((line) => (
              <li key={line.word}>
                <svg width="36" height="8" aria-hidden="true">
                  <line
                    x1="1"
                    y1="4"
                    x2="35"
                    y2="4"
                    stroke="currentColor"
                    strokeWidth={line.width}
                    strokeDasharray={line.dash}
                    strokeLinecap={line.dash.startsWith("1 ") ? "round" : "butt"}
                  />
                </svg>
                {line.word}
              </li>
            ))}
            <li className={classes.legendHint}>wider = more requests</li>
            <li className={classes.legendHint}>on it: traffic, errors, p99</li>
          </ul>
          <ul>
            {props.overlay === "health" ? null : <li className={classes.legendHint}>{overlayWords[props.overlay]}</li>}
            {props.names.length > 0
              ? null
              : statuses.flatMap((status) => {
                  const word = said ? said[status] : statusWord[status];
                  return word ? (
                    <li key={status}>
                      <StatusIcon status={status} size={14} /> {word}
                    </li>
                  ) : (
                    []
                  );
                })}
          </ul>
          <ul>
            {stripes.slice(0, 6).map(({ name, colour }) => (
              <li key={name}>
                <span className={classes.legendStripe} style={{ background: colour }} /> {name}
              </li>
            ))}
            {stripes.length > 6 ? <li>and {stripes.length - 6} more</li> : null}
          </ul>
        </div>
      ) : null}
    </section>
  );
}
