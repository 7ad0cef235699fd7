// The report of an export in groups. Job: which parts stand together, and in which order. Rule: what gives calls another answer comes first.
import type { ReportEntryDto } from "@/components/api-client";
import type { Status } from "@/components/ui";

export type GroupId = "other" | "missing" | "nearly" | "same";
export interface ReportGroup {
  id: GroupId;
  title: string;
  hint: string;
  status: Status;
  entries: ReportEntryDto[];
}

const GROUPS: readonly Omit<ReportGroup, "entries">[] = [
  { id: "other", title: "Calls that get another answer", hint: "Settle these before you apply it.", status: "failing" },
  {
    id: "missing",
    title: "Left to you",
    hint: "The product has no word for it; notes are in manual/.",
    status: "attention",
  },
  { id: "nearly", title: "Nearly the same", hint: "Read what differs.", status: "attention" },
  { id: "same", title: "The same", hint: "Exact, or the same in another place.", status: "ok" },
];

export function groupIdOf({ verdict, changesMeaning }: ReportEntryDto): GroupId {
  if (changesMeaning) return "other";
  if (verdict === "lost" || verdict === "escape") return "missing";
  return verdict === "approximate" || verdict === "ignored" ? "nearly" : "same";
}

export function groupsOf(report: readonly ReportEntryDto[]): ReportGroup[] {
  return GROUPS.map((group) => ({ ...group, entries: report.filter((entry) => groupIdOf(entry) === group.id) })).filter(
    ({ entries }) => entries.length > 0,
  );
}
