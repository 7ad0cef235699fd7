"use client";
// The screen's answer in one sentence, for the tab that is open. Rule: what is not known yet is said, never shown as fine.
import { useMesh, useView } from "@/components/shell";
import { plural, type Status } from "@/components/ui";
import type { ReplayAnswer, TestRun } from "@/lib/api/schema";
import { useReplay, useTestRun } from "./queries";
import type { Asked } from "./use-answer";
import { outcomeStatus } from "./words";

export type Tab = "question" | "tests" | "replay";
interface Head {
  status: Status;
  text: string;
}

const unmeasured = (text: string): Head => ({ status: "unmeasured", text });

export function headOf(
  { answer, isWorking, error }: Asked,
  now: { isReady: boolean; isEmpty: boolean; at: string | null },
): Head {
  if (now.at === null) return unmeasured("Nothing is deployed here yet: look at the draft.");
  if (answer && now.isReady) return { status: outcomeStatus[answer.outcome], text: answer.sentence };
  if (error) return unmeasured("The question could not be asked.");
  if (isWorking) return unmeasured("Asking.");
  if (now.isEmpty) return unmeasured("There is no workload in this design that could call.");
  return unmeasured("What would happen to a request?");
}

/** The same queries as the panels: asked once. */
export function useHead(tab: Tab, at: string | null, question: Head): Head {
  const { mesh, environment } = useMesh();
  const { view } = useView();
  const run = useTestRun(mesh, at, tab === "tests");
  const replay = useReplay(mesh, { at, environment: environment?.name, range: view.range }, tab === "replay");
  if (tab === "tests") return testsHead(run.data);
  if (tab === "replay") return replayHead(replay.data);
  return question;
}

function testsHead(run: TestRun | undefined): Head {
  if (!run) return unmeasured("Do the answers still hold?");
  const count = run.passed + run.failed;
  if (count === 0) return unmeasured("No answer was kept as a policy test yet.");
  if (run.failed === 0)
    return { status: "ok", text: `${count === 1 ? "The policy test holds" : `All ${count} policy tests hold`}.` };
  return {
    status: "failing",
    text: `${run.failed} of ${plural(count, "policy test")} ${run.failed === 1 ? "does" : "do"} not hold.`,
  };
}

function replayHead(replay: ReplayAnswer | undefined): Head {
  if (!replay) return unmeasured("What would this design do with the calls that were seen?");
  const { calls, differences } = replay;
  if (calls === 0) return unmeasured("No call was seen in this time.");
  if (differences.length === 0)
    return { status: "ok", text: `None of ${plural(calls, "seen call")} would be answered otherwise.` };
  return {
    status: "attention",
    text: `${differences.length} of ${plural(calls, "seen call")} would be answered otherwise.`,
  };
}
