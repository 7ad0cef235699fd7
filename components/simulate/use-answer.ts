"use client";
// The answer to one question about what the context bar shows. Rule: the draft is asked in the worker, as it is typed; a revision is asked of the server.
import { useCallback } from "react";
import { type DesignWorker, useDesignAnswer } from "@/components/design-worker";
import type { MeshDocument } from "@/lib/mesh";
import type { Answer, Question } from "@/lib/simulate";
import { useRevisionAnswer } from "./queries";

export interface Asked {
  answer: Answer | null;
  isWorking: boolean;
  error: Error | null;
}

export function useAnswer(
  mesh: string,
  at: string | null,
  draft: MeshDocument | undefined,
  question: Question | null,
): Asked {
  const isDraft = at === "draft";
  const text = question && JSON.stringify(question);
  const askWorker = useCallback(
    (worker: DesignWorker) => {
      if (draft) worker.setDesign("draft", draft);
      return worker.ask("draft", JSON.parse(text ?? "null") as Question);
    },
    [draft, text],
  );
  const live = useDesignAnswer(isDraft && draft && text ? askWorker : null);
  const kept = useRevisionAnswer(mesh, isDraft ? null : at, question);
  if (question === null) return { answer: null, isWorking: false, error: null };
  if (isDraft) return { answer: live.value, isWorking: live.isWorking || !draft, error: live.error };
  return { answer: (kept.data?.answer as Answer | undefined) ?? null, isWorking: kept.isFetching, error: kept.error };
}
