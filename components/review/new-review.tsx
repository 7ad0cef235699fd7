"use client";
// From the draft to a review: what changes in sentences, the author's words, then freeze and submit.
// Rule: what is submitted is the draft as it was looked at here; if it moved on meanwhile, the server refuses and nothing is lost.
import { Alert, Anchor, Button, Group, List, Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { IconGavel } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { ApiError, type DiffDto, get, keys, request, useReviews } from "@/components/api-client";
import { SaveStateWord, useDraft } from "@/components/draft";
import { useMe, useMesh } from "@/components/shell";
import { Answer, EmptyState, ErrorState, LoadingRows, Mono, Page, Panel, plural, shortDigest } from "@/components/ui";
import type { ReviewDto } from "@/lib/api/schema";
import { useReviewRule } from "./queries";
import { TestsBefore } from "./tests-before";

export function NewReview() {
  const { mesh, environment, revisions } = useMesh();
  const { can, isLoading } = useMe();
  const router = useRouter();
  const client = useQueryClient();
  const draft = useDraft(mesh);
  const open = useReviews(mesh, "open");
  const rule = useReviewRule(mesh).data;
  const [title, setTitle] = useState("");
  const [what, setWhat] = useState("");
  const [why, setWhy] = useState("");
  const [against, setAgainst] = useState<string | null>(null);
  const running = environment?.running?.revision;
  const base = against ?? (running === undefined ? null : String(running));
  const version = draft.snapshot?.version;
  const diff = useQuery({
    queryKey: keys.mesh(mesh, "diff", base, "draft", version),
    queryFn: ({ signal }) => get<DiffDto>(`/meshes/${mesh}/diff?from=r${base}&to=draft`, signal),
    enabled: base !== null && version !== undefined,
  });
  const submit = useMutation({
    mutationFn: () => {
      const body = { title, what, why, ...(base === null ? {} : { against: Number(base) }) };
      return request<ReviewDto>(`/meshes/${mesh}/reviews`, {
        method: "POST",
        body,
        ifMatch: `"v${version}"`,
      });
    },
    onSuccess: ({ data }) => {
      void client.invalidateQueries({ queryKey: keys.mesh(mesh) });
      router.push(`/meshes/${mesh}/reviews/${data.number}/purpose`);
    },
  });
  if (!isLoading && !can("review.submit")) {
    return (
      <Page>
        <Answer eyebrow="New review" answer="You may read and decide on reviews, not submit one." />
        <Panel>
          <EmptyState
            title="An author submits a change"
            action={
              <Button component={Link} href={`/meshes/${mesh}/reviews`} variant="default">
                Back to the reviews
              </Button>
            }
          >
            Ask an administrator for the role author if you have a change to make.
          </EmptyState>
        </Panel>
      </Page>
    );
  }
  const changes = diff.data?.changes ?? [];
  const isSame = diff.data !== undefined && changes.length === 0;
  const unsaved = submit.error instanceof ApiError && submit.error.status === 412;
  return (
    <Page>
      <Answer
        eyebrow="New review"
        answer={
          isSame
            ? "The draft is the same as what it is compared with: there is nothing to review."
            : diff.data
              ? `The draft makes ${plural(changes.length, "change")} against r${base}.`
              : "Submit the draft for review."
        }
        detail="Submitting freezes the draft as a revision with a digest. The board decides on that; you can go on editing."
        actions={draft.snapshot ? <SaveStateWord snapshot={draft.snapshot} /> : null}
      />
      <Panel title="What changes" hint={draft.snapshot ? "The draft as it is now" : undefined}>
        <Stack gap="sm">
          <Select
            label="Compared with"
            w={320}
            maw="100%"
            data={revisions.map((each) => ({
              value: String(each.number),
              label: `r${each.number}${each.number === running ? " (runs now)" : ""}${each.message ? `: ${each.message}` : ""}`,
            }))}
            value={base}
            onChange={setAgainst}
            placeholder="an empty mesh"
          />
          {diff.error ? <ErrorState error={diff.error} onRetry={() => void diff.refetch()} /> : null}
          {base === null ? (
            <Text size="sm" c="dimmed">
              Nothing runs yet: the whole design is new.
            </Text>
          ) : diff.isLoading ? (
            <LoadingRows rows={2} height={20} />
          ) : (
            <List size="sm" spacing={4}>
              {changes.slice(0, 20).map((change) => (
                <List.Item key={`${change.kind} ${change.key} ${change.sentence}`}>{change.sentence}</List.Item>
              ))}
            </List>
          )}
          {changes.length > 20 ? (
            <Text size="xs" c="dimmed">
              and {changes.length - 20} more
            </Text>
          ) : null}
        </Stack>
      </Panel>
      <TestsBefore
        mesh={mesh}
        version={draft.snapshot?.saveState === "saved" ? draft.snapshot.version : null}
        {...(rule ? { rule } : {})}
      />
      <Panel title="In your words" hint="Station 1 of the walkthrough">
        <Stack gap="sm">
          <TextInput
            label="Title"
            required
            placeholder="25 % of payments go to v2"
            maxLength={200}
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
          />
          <Textarea
            label="What is it?"
            autosize
            minRows={2}
            maxLength={20_000}
            value={what}
            onChange={(event) => setWhat(event.currentTarget.value)}
          />
          <Textarea
            label="Why is it made, and why now?"
            autosize
            minRows={2}
            maxLength={20_000}
            value={why}
            onChange={(event) => setWhy(event.currentTarget.value)}
          />
          {open.data && open.data.items.length > 0 ? (
            <Text size="sm" c="dimmed">
              Open already:{" "}
              {open.data.items.slice(0, 3).map((review, place) => (
                <span key={review.number}>
                  {place > 0 ? ", " : ""}
                  <Anchor
                    component={Link}
                    underline="always"
                    href={`/meshes/${mesh}/reviews/${review.number}/purpose`}
                    size="sm"
                  >
                    #{review.number} {review.title}
                  </Anchor>
                </span>
              ))}
              . To answer one, submit its next round there.
            </Text>
          ) : null}
          {submit.error ? (
            <Alert color="red" variant="light" role="alert" title="It was not submitted">
              <Text size="sm">
                {unsaved
                  ? "The draft was changed meanwhile. Look at what changes above, then submit again."
                  : submit.error.message}
              </Text>
              {submit.error instanceof ApiError
                ? submit.error.violations.slice(0, 8).map((each) => (
                    <Text size="xs" key={`${each.path} ${each.message}`}>
                      <Mono>{each.path}</Mono> {each.message}
                    </Text>
                  ))
                : null}
            </Alert>
          ) : null}
          <Group>
            <Button
              leftSection={<IconGavel size={16} />}
              loading={submit.isPending}
              disabled={title.trim().length < 3 || isSame || draft.snapshot?.saveState !== "saved"}
              onClick={() => submit.mutate()}
            >
              Freeze and submit for review
            </Button>
            {draft.snapshot ? (
              <Text size="xs" c="dimmed">
                Draft v{draft.snapshot.version}
                {diff.data ? ` · digest ${shortDigest(diff.data.toDigest)}` : ""}
              </Text>
            ) : null}
          </Group>
        </Stack>
      </Panel>
    </Page>
  );
}
