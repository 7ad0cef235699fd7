// What applies to a service, in words, and which object says so.
import { Anchor, Text } from "@mantine/core";
import Link from "next/link";
import { Panel } from "@/components/ui";
import { parseKey } from "@/lib/mesh";
import { isPolicyKind } from "@/lib/mesh/policies";
import type { Effective, Source } from "../model/effective";
import classes from "../services.module.css";

export function Policies({ rows, mesh, search }: { rows: readonly Effective[]; mesh: string; search: string }) {
  const areas = [...new Set(rows.map((row) => row.area))];
  return (
    <Panel title="What applies to it" hint="In words, each with the object that says so" flush>
      <dl className={classes.policies}>
        {areas.map((area) => (
          <Area key={area} area={area} rows={rows.filter((row) => row.area === area)} mesh={mesh} search={search} />
        ))}
      </dl>
    </Panel>
  );
}

function Area(props: { area: string; rows: readonly Effective[]; mesh: string; search: string }) {
  return (
    <>
      <dt>{props.area}</dt>
      <dd>
        {props.rows.map((row) => (
          <div key={`${row.sentence} ${row.from?.key ?? ""}`}>
            <Text size="sm">
              {row.sentence}{" "}
              <Text span size="xs" c="dimmed">
                {row.from ? <From from={row.from} mesh={props.mesh} search={props.search} /> : "nobody wrote a policy"}
              </Text>
            </Text>
          </div>
        ))}
      </dd>
    </>
  );
}

/** A policy opens in its editor; the default of the mesh and the service's own step are words. */
function From({ from, mesh, search }: { from: Source; mesh: string; search: string }) {
  const kind = parseKey(from.key)?.kind;
  if (!kind || !isPolicyKind(kind)) return from.words;
  return (
    <Anchor component={Link} underline="always" href={`/meshes/${mesh}/policies/${from.key}${search}`} inherit>
      {from.words}
    </Anchor>
  );
}
