"use client";
// One measurement: when, against which configuration, its transcript, the certificate, and the twin that makes it count.
import { Text } from "@mantine/core";
import { ErrorState, LoadingRows, Mono, StatusBadge, TimeAgo } from "@/components/ui";
import type { EvidenceDto } from "@/lib/api/schema/checks";
import classes from "./checklist.module.css";
import { useEvidence } from "./use-checks";
import { kindWord, outcomeStatus, outcomeWord } from "./words";

interface EvidenceViewProps {
  mesh: string;
  environment: string | undefined;
  run: string | undefined;
  evidence: string;
}

export function EvidenceView({ mesh, environment, run, evidence }: EvidenceViewProps) {
  const { data, error, isLoading, refetch } = useEvidence(mesh, environment, run, evidence);
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (isLoading || !data) return <LoadingRows rows={2} />;
  return (
    <div className={classes.evidence}>
      <Record record={data} />
      {data.twinEvidence ? (
        <>
          <Text size="xs" fw={600}>
            The call beside it that must succeed
          </Text>
          <Record record={data.twinEvidence} />
        </>
      ) : null}
    </div>
  );
}

function Record({ record }: { record: Omit<EvidenceDto, "twinEvidence"> }) {
  const { certificate } = record.facts;
  return (
    <div className={classes.record}>
      <div className={classes.head}>
        <StatusBadge status={outcomeStatus[record.outcome]}>{outcomeWord[record.outcome]}</StatusBadge>
        <Text size="xs" fw={600}>
          {kindWord[record.kind]}
        </Text>
      </div>
      <Text size="sm">{record.sentence}</Text>
      <pre className={classes.transcript}>{record.transcript.join("\n")}</pre>
      <dl className={classes.facts}>
        <div>
          <dt>Measured</dt>
          <dd>
            <TimeAgo at={record.finishedAt} />, ends <TimeAgo at={record.expiresAt} />
          </dd>
        </div>
        {record.proxyKey ? (
          <div>
            <dt>Proxy</dt>
            <dd>
              <Mono>{record.proxyKey}</Mono>
            </dd>
          </div>
        ) : null}
        {record.digest ? (
          <div>
            <dt>Running digest</dt>
            <dd>
              <Mono>{record.digest}</Mono>
            </dd>
          </div>
        ) : null}
        {certificate ? (
          <>
            <div>
              <dt>Certificate</dt>
              <dd>
                <Mono>{certificate.spiffeIds.join(", ")}</Mono>
              </dd>
            </div>
            <div>
              <dt>Valid</dt>
              <dd>
                from <TimeAgo at={certificate.notBefore} />, ends <TimeAgo at={certificate.notAfter} />;{" "}
                {certificate.keyType}
              </dd>
            </div>
          </>
        ) : null}
      </dl>
    </div>
  );
}
