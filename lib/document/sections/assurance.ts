// Sections 8 to 11: controls with their last proof, risks, decisions as MADR, rollout plan.
import type { Block } from "../schema";
import type { DocumentInput, DocumentReview } from "../types";
import { count, day, minute } from "../words";

const stateWord: Readonly<Record<string, string>> = {
  pass: "passes",
  fail: "FAILS",
  partly: "partly",
  stale: "stale",
  waived: "waived",
  "not-measured": "not measured",
  "does-not-apply": "n/a",
};
const word = (state: string) => stateWord[state] ?? state;

export function controls({ controls: all }: DocumentInput): Block[] {
  const failing = all.filter(({ design, compiled, live }) => [design, compiled, live].includes("fail"));
  return [
    { kind: "heading", level: 1, text: "8 Controls" },
    {
      kind: "paragraph",
      text:
        all.length === 0
          ? "No control was evaluated."
          : `${failing.length === 0 ? `None of ${all.length} controls fails` : `${count(failing.length, "control")} of ${all.length} ${failing.length === 1 ? "fails" : "fail"}`}. Design and compiled are of this revision; live is what was measured last on the running mesh, with its time. Not measured is never a pass.`,
    },
    ...(all.length === 0
      ? []
      : ([
          {
            kind: "table",
            head: ["Control", "Design", "Compiled", "Live", "Last proof"],
            rows: all.map(({ id, title, design, compiled, live, provedAt }) => [
              `${id} ${title}`,
              word(design),
              word(compiled),
              word(live),
              provedAt ? minute(provedAt) : "none",
            ]),
            widths: ["*", "auto", "auto", "auto", "auto"],
          },
          ...(failing.length > 0
            ? ([
                {
                  kind: "list",
                  items: failing.map(({ id, summary }) => `${id}: ${summary}`),
                },
              ] satisfies Block[])
            : []),
        ] satisfies Block[])),
  ];
}

export function risks({ risks: all }: DocumentInput): Block[] {
  return [
    { kind: "heading", level: 1, text: "9 Risks" },
    all.length === 0
      ? { kind: "paragraph", text: "The analysis has no finding on this revision." }
      : {
          kind: "table",
          head: ["Finding", "What it means", "Accepted"],
          rows: all.map(({ code, severity, message, cause, accepted }) => [
            `${code} ${severity}`,
            `${message} ${cause}`,
            accepted ? `${accepted.owner}, until ${day(accepted.expiresAt)}: ${accepted.reason}` : "no",
          ]),
          widths: ["auto", "*", "auto"],
        },
  ];
}

const decisionWords = {
  approve: "approves",
  "approve-with-conditions": "approves with conditions",
  changes: "asks for changes",
  reject: "rejects",
} as const;

export function decisions({ reviews, digest }: DocumentInput): Block[] {
  const decided = reviews.filter(({ state }) => state !== "draft");
  return [
    { kind: "heading", level: 1, text: "10 Decisions" },
    ...(decided.length === 0
      ? ([{ kind: "paragraph", text: "No review decided on this mesh yet." }] satisfies Block[])
      : decided.flatMap((review, place) => decision(review, place + 1, review.digest === digest))),
  ];
}

/** In the shape of MADR: context, decision, consequences. */
function decision(review: DocumentReview, place: number, isThis: boolean): Block[] {
  const said = review.votes.map(
    ({ voter, role, decision: voted, comment }) =>
      `${voter} (${role}) ${decisionWords[voted]}${comment ? `: ${comment}` : "."}`,
  );
  const conditions = review.conditions.map(
    ({ text, owner, dueOn, metAt, metBy, beforeDeploy }) =>
      `Condition: ${text}. ${owner}, ${beforeDeploy ? "before it is deployed" : "while it runs"}, until ${dueOn}; ${metAt ? `met ${day(metAt)}, confirmed by ${metBy}` : "not met"}.`,
  );
  return [
    { kind: "heading", level: 2, text: `10.${place} ${review.title}` },
    {
      kind: "facts",
      rows: [
        ["Status", `${review.state.replaceAll("-", " ")}${review.decidedAt ? `, ${day(review.decidedAt)}` : ""}`],
        ["Record", `Review #${review.number} of r${review.revision}${isThis ? ", this revision" : ""}`],
        ["Deciders", review.votes.map(({ voter }) => voter).join(", ") || "nobody yet"],
        ["Author", review.author],
        ["Digest", review.digest],
      ],
    },
    { kind: "heading", level: 3, text: "Context and problem" },
    { kind: "paragraph", text: review.why || "The author gave no reason." },
    { kind: "heading", level: 3, text: "Decision outcome" },
    { kind: "paragraph", text: review.what || review.title },
    ...(said.length > 0 ? ([{ kind: "list", items: said }] satisfies Block[]) : []),
    ...(conditions.length + review.openQuestions.length > 0
      ? ([
          { kind: "heading", level: 3, text: "Consequences" },
          { kind: "list", items: [...conditions, ...review.openQuestions.map((each) => `Open question: ${each}`)] },
        ] satisfies Block[])
      : []),
  ];
}

export function rollout({ environments, at }: DocumentInput): Block[] {
  const blocks: Block[] = [
    { kind: "heading", level: 1, text: "11 Rollout plan" },
    {
      kind: "list",
      items: [
        "First wave: one proxy of each workload that changes; it must accept the configuration, report its digest and be ready.",
        "Second wave: all others. A refusal (NACK) or a timeout gives every touched proxy the revision back that ran before.",
        "Way back later: Rollouts, Roll back deploys what ran before in the same waves. Running requests are not cut.",
      ],
    },
  ];
  for (const each of environments) {
    blocks.push(
      { kind: "heading", level: 2, text: `Environment ${each.name}` },
      {
        kind: "facts",
        rows: [
          [
            "Asks for",
            each.rule.kind === "none"
              ? "no approval"
              : `a revision with ${count(each.rule.quorum, "approval")} of ${each.rule.roles.join(" or ")}`,
          ],
          [
            "Runs",
            each.running === null
              ? "nothing yet"
              : `r${each.running}${`r${each.running}` === at ? ", this revision" : ""}`,
          ],
          [
            "Proxies",
            `${each.proxies.ready} of ${each.proxies.total} ready, ${count(each.instances, "instance")} bound`,
          ],
          [
            "Lately",
            each.lastDeployments
              .map(({ revision, state, by, at: when }) => `r${revision} ${state} by ${by}, ${minute(when)}`)
              .join("; ") || "no deployment",
          ],
        ],
      },
    );
  }
  return blocks;
}
