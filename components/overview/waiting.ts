// What waits for this person, the most urgent first: decisions, answers, accepted risks that end, then what the analyzers say.
// Rule: pure; a line says who or what waits, links to where it is done, and is left out when nothing of its kind waits.
import { plural } from "@/components/ui/format";
import { type Mark, severityStatus, severityWord } from "@/components/ui/status-words";
import type { ReviewSummaryDto } from "@/lib/api/schema";

interface Finding {
  severity: "error" | "warning" | "info";
  message: string;
  accepted?: { owner: string; expiresAt: string } | undefined;
}

export interface WaitingRow {
  id: string;
  mark: Mark;
  title: string;
  detail: string;
  /** Under the mesh, with what the screen is to show. */
  path: string;
  shows: Record<string, string>;
}

const SHOWN_REVIEWS = 3;
/** Time enough to mend it or to ask for longer. */
const ENDS_SOON_MS = 7 * 86_400_000;

type Review = Pick<ReviewSummaryDto, "number" | "title" | "sentence" | "state" | "waitsForYou">;

function reviewRows(reviews: readonly Review[]): WaitingRow[] {
  const mine = reviews.filter(({ waitsForYou }) => waitsForYou !== null);
  const rows = mine.slice(0, SHOWN_REVIEWS).map(
    ({ number, title, sentence, waitsForYou }): WaitingRow => ({
      id: `review ${number}`,
      mark: "attention",
      title: `Review #${number} waits for your ${waitsForYou}`,
      detail: `${title}. ${sentence}`,
      path: `reviews/${number}/${waitsForYou === "decision" ? "purpose" : "decision"}`,
      shows: {},
    }),
  );
  const more = mine.length - rows.length;
  if (more > 0)
    rows.push({
      id: "reviews",
      mark: "attention",
      title: `${plural(more, "more review")} ${more === 1 ? "waits" : "wait"} for you`,
      detail: "",
      path: "reviews",
      shows: { state: "open" },
    });
  const others = reviews.filter(({ state, waitsForYou }) => waitsForYou === null && state === "open").length;
  if (others > 0)
    rows.push({
      id: "others",
      mark: "note",
      title: `${plural(others, "review")} ${others === 1 ? "waits" : "wait"} for somebody else's decision`,
      detail: "",
      path: "reviews",
      shows: { state: "open" },
    });
  return rows;
}

export function waitingRows(reviews: readonly Review[], findings: readonly Finding[], nowMs: number): WaitingRow[] {
  const ending = findings
    .filter(({ accepted }) => accepted && new Date(accepted.expiresAt).getTime() - nowMs < ENDS_SOON_MS)
    .sort((a, b) => (a.accepted?.expiresAt ?? "").localeCompare(b.accepted?.expiresAt ?? ""));
  const [first] = ending;
  const risks: WaitingRow[] = first
    ? [
        {
          id: "risks",
          mark: "attention",
          title: `${plural(ending.length, "accepted risk")} ${ending.length === 1 ? "ends" : "end"} within a week`,
          detail: `${first.message} (${first.accepted?.owner})`,
          path: "findings",
          shows: { accepted: "1" },
        },
      ]
    : [];
  const open = findings.filter(({ accepted }) => !accepted);
  const found = (["error", "warning", "info"] as const).flatMap((severity): WaitingRow[] => {
    const of = open.filter((finding) => finding.severity === severity);
    const [{ message } = { message: "" }] = of;
    return of.length === 0
      ? []
      : [
          {
            id: severity,
            mark: severityStatus[severity],
            title: plural(of.length, severityWord[severity]),
            detail: message,
            path: "findings",
            shows: { severity },
          },
        ];
  });
  return [...reviewRows(reviews), ...risks, ...found];
}
