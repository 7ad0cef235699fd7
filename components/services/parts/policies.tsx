// What applies to a service, in words, and which object says so.
import { Text } from "@mantine/core";
import { Panel } from "@/components/ui";
import type { Effective } from "../model/effective";
import classes from "../services.module.css";

export function Policies({ rows }: { rows: readonly Effective[] }) {
  const areas = [...new Set(rows.map((row) => row.area))];
  return (
    <Panel title="What applies to it" hint="In words, each with the object that says so" flush>
      <dl className={classes.policies}>
        {areas.map((area) => (
          <Area key={area} area={area} rows={rows.filter((row) => row.area === area)} />
        ))}
      </dl>
    </Panel>
  );
}

function Area(props: { area: string; rows: readonly Effective[] }) {
  return (
    <>
      <dt>{props.area}</dt>
      <dd>
        {props.rows.map((row) => (
          <div key={`${row.sentence} ${row.from?.key ?? ""}`}>
            <Text size="sm">
              {row.sentence}{" "}
              <Text span size="xs" c="dimmed">
                {row.from ? row.from.words : "nobody wrote a policy"}
              </Text>
            </Text>
          </div>
        ))}
      </dd>
    </>
  );
}
