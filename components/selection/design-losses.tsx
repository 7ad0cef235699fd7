"use client";
// What becomes of this design in each product, measured. Rule: what gives calls another answer stands first, losses by name.
import { Anchor, Text } from "@mantine/core";
import Link from "next/link";
import { LoadingRows, Panel, plural, ReadingState, StatusBadge } from "@/components/ui";
import { FAVOURS_ITS_OWN, type Fit, fitText, type ProductResult } from "@/lib/selection";
import classes from "./selection.module.css";
import { fitPath, type SelectionState } from "./use-selection";

const SHOWN = 5;

export function DesignLosses({ state, mesh, at }: { state: SelectionState; mesh: string; at: string }) {
  const { fits, written } = state;
  const rows = written.evaluation.results.map((result) => ({
    result,
    fit: written.fits.find(({ product }) => product === result.product.id),
  }));
  const isEmpty = fits.data?.items.length === 0;
  return (
    <Panel
      title="This design"
      hint={`Exported to each product, and compiled for our own data plane. Istio's resources are the same in both modes. ${FAVOURS_ITS_OWN}`}
    >
      <ReadingState of={fits} />
      {fits.isLoading ? <LoadingRows rows={4} /> : null}
      {isEmpty ? (
        <Text size="sm">
          Nothing is drawn yet, so there is nothing to measure: products are ranked by looked-up facts alone.
        </Text>
      ) : null}
      {fits.data && !isEmpty ? (
        <ul className={classes.ranking} aria-label="What becomes of this design">
          {rows.map(({ result, fit }) => (
            <li key={result.product.id} className={classes.place}>
              <FitLine result={result} fit={fit} href={fitPath(mesh, result.product.id, at)} />
            </li>
          ))}
        </ul>
      ) : null}
    </Panel>
  );
}

function FitLine({ result, fit, href }: { result: ProductResult; fit: Fit | undefined; href: string }) {
  if (!fit) return <Text size="sm">{result.product.name}: not measured.</Text>;
  const status = fit.changed > 0 ? "failing" : fit.counts.lost + fit.counts.approximate > 0 ? "attention" : "ok";
  const word =
    fit.changed > 0
      ? `${plural(fit.changed, "object")} with another answer`
      : status === "ok"
        ? "nothing lost"
        : "answers stay";
  return (
    <>
      <div className={classes.head}>
        <Text size="sm" fw={600}>
          {result.product.name}
        </Text>
        <StatusBadge status={status}>{word}</StatusBadge>
        <Text size="sm">{fitText(fit)}</Text>
      </div>
      {fit.lossesTotal > 0 ? (
        <details className={classes.losses}>
          <summary>{plural(fit.lossesTotal, "part")} not the same</summary>
          <ul>
            {fit.losses.slice(0, SHOWN).map((loss) => (
              <li key={`${loss.object} ${loss.path} ${loss.reason}`}>
                {loss.changesMeaning ? "Another answer" : loss.verdict === "lost" ? "Lost" : "Nearly"}: {loss.object}{" "}
                {loss.path}: {loss.reason}
              </li>
            ))}
          </ul>
          <Anchor component={Link} href={href} size="xs" underline="always">
            The whole report of {result.product.name}
          </Anchor>
        </details>
      ) : null}
    </>
  );
}
