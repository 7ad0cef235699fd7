"use client";
// Who fits, how sure that is, and what puts one above the next. Rule: every bar has its figure in words beside it.
import { Text } from "@mantine/core";
import { Panel, plural, StatusBadge } from "@/components/ui";
import { differences, failureTexts, type ProductResult, scoreText, type Written } from "@/lib/selection";
import classes from "./selection.module.css";

export function Ranking({ written, nameOf }: { written: Written; nameOf(criterion: string): string }) {
  const { results } = written.evaluation;
  const fitting = results.filter(({ fails }) => fails.length === 0);
  const excluded = results.filter(({ fails }) => fails.length > 0);
  return (
    <Panel
      title="Ranking"
      hint="Solid: what is known. Striped: what unknown facts could add. The rank goes by the middle of both."
    >
      <ol className={classes.ranking} aria-label="Ranking">
        {fitting.map((each, place) => (
          <li key={each.product.id} className={classes.place}>
            <Line result={each} />
            <Why result={each} next={fitting[place + 1]} nameOf={nameOf} />
          </li>
        ))}
      </ol>
      {fitting.length === 0 ? <Text size="sm">Every product fails a constraint.</Text> : null}
      {excluded.length > 0 ? (
        <>
          <Text component="h3" size="sm" fw={600} mt={16} mb={8}>
            Excluded by a constraint
          </Text>
          <ul className={classes.ranking} aria-label="Excluded by a constraint">
            {excluded.map((each) => (
              <li key={each.product.id} className={classes.place}>
                <Line result={each} />
                {failureTexts(each, nameOf).map((text) => (
                  <Text key={text} size="xs" c="dimmed">
                    {text}
                  </Text>
                ))}
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </Panel>
  );
}

function Line({ result }: { result: ProductResult }) {
  const { product, rank, low, middle, high, unproved, unknown, stale } = result;
  const at = (share: number) => `${(share * 100).toFixed(2)}%`;
  return (
    <>
      <div className={classes.head}>
        <Text size="sm" fw={600}>
          {rank === null ? "" : `${rank}. `}
          {product.name}
        </Text>
        <Text size="xs" c="dimmed">
          {product.version}
        </Text>
        {unknown.length > 0 ? <StatusBadge status="unmeasured">{unknown.length} unknown</StatusBadge> : null}
        {stale.length > 0 ? <StatusBadge status="stale">{plural(stale.length, "stale fact")}</StatusBadge> : null}
        {unproved.length > 0 ? (
          <StatusBadge status="attention">{plural(unproved.length, "constraint")} to be proved</StatusBadge>
        ) : null}
        <Text size="sm" fw={600} className={classes.score}>
          {scoreText(result)}
        </Text>
      </div>
      <div className={classes.bar} aria-hidden>
        <span className={classes.known} style={{ width: at(low) }} />
        <span className={classes.open} style={{ left: at(low), width: at(high - low) }} />
        <span className={classes.middle} style={{ left: at(middle) }} />
      </div>
    </>
  );
}

function Why(props: { result: ProductResult; next: ProductResult | undefined; nameOf(criterion: string): string }) {
  const { result, next, nameOf } = props;
  if (!next || result.middle === next.middle) return null;
  const better = differences(result, next).filter(({ share }) => share > 0);
  const named = better.slice(0, 3).map(({ criterion, one, other }) => `${nameOf(criterion)} (${one}, not ${other})`);
  return (
    <Text size="xs" c="dimmed">
      Above {next.product.name} by {named.join("; ")}
      {better.length > named.length ? `; and ${better.length - named.length} more` : ""}.
    </Text>
  );
}
