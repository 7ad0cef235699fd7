"use client";
// The fault of a rule: which share waits, gets an error, or gets its answer slowly. Rule: a block is put there whole, since half of one does not fit
// the model, and taken away with one switch.
import { Switch } from "@mantine/core";
import type { ReactNode } from "react";
import type { Fault, Path } from "@/lib/mesh";
import { NumberField } from "./fields";
import { useComplaint, useDescription, usePolicyForm } from "./form-context";
import classes from "./forms.module.css";
import { Row } from "./parts";

const NEW_DELAY: Fault["delay"] = { percent: 10, fixedDelayMs: 2000 };
const NEW_BANDWIDTH: Fault["responseBandwidth"] = { percent: 10, limitKbps: 64 };
const NEW_ABORT: Fault["abort"] = { percent: 10, httpStatus: 503 };

export function FaultFields({ path, fault }: { path: Path; fault: Fault | undefined }) {
  const { delay, abort, responseBandwidth } = fault ?? {};
  const isGrpc = abort?.grpcStatus !== undefined;
  return (
    <>
      <Block path={path} fault={fault} name="delay" label="Delay requests on purpose" entry={NEW_DELAY} />
      {delay ? (
        <Pair>
          <NumberField
            path={[...path, "delay", "percent"]}
            label="Share that waits"
            description="Of the requests."
            value={delay.percent}
            suffix="%"
          />
          <NumberField
            path={[...path, "delay", "fixedDelayMs"]}
            label="Waits"
            description="Before it is sent on."
            value={delay.fixedDelayMs}
            suffix="ms"
          />
        </Pair>
      ) : null}
      <Block path={path} fault={fault} name="abort" label="Abort requests on purpose" entry={NEW_ABORT} />
      {abort ? (
        <Pair>
          <NumberField
            path={[...path, "abort", "percent"]}
            label="Share that is aborted"
            description="Of the requests."
            value={abort.percent}
            suffix="%"
          />
          <NumberField
            path={[...path, "abort", isGrpc ? "grpcStatus" : "httpStatus"]}
            label={isGrpc ? "Status of gRPC" : "Status"}
            description="Of the answer."
            value={isGrpc ? abort.grpcStatus : abort.httpStatus}
          />
        </Pair>
      ) : null}
      <Block path={path} fault={fault} name="responseBandwidth" label="Slow answers on purpose" entry={NEW_BANDWIDTH} />
      {responseBandwidth ? (
        <Pair>
          <NumberField
            path={[...path, "responseBandwidth", "percent"]}
            label="Share that is slowed"
            description="Of the answers."
            value={responseBandwidth.percent}
            suffix="%"
          />
          <NumberField
            path={[...path, "responseBandwidth", "limitKbps"]}
            label="At most"
            description="Each answer for itself."
            value={responseBandwidth.limitKbps}
            suffix="KiB/s"
          />
        </Pair>
      ) : null}
    </>
  );
}

/** What a switch above has, once it is on. */
function Pair({ children }: { children: ReactNode }) {
  return (
    <div className={classes.nested}>
      <Row>{children}</Row>
    </div>
  );
}

function Block(props: {
  path: Path;
  fault: Fault | undefined;
  name: keyof Fault;
  label: string;
  entry: Fault[keyof Fault];
}) {
  const form = usePolicyForm();
  const { path, fault, name, entry } = props;
  const description = useDescription([...path, name]);
  const complaint = useComplaint([...path, name]);
  const isOn = fault?.[name] !== undefined;
  const change = (wanted: boolean) => {
    const { [name]: _, ...rest } = fault ?? {};
    if (wanted) form.set(path, { ...rest, [name]: entry });
    else form.set(path, Object.keys(rest).length > 0 ? rest : undefined);
  };
  return (
    <Switch
      size="xs"
      label={props.label}
      description={description}
      error={complaint}
      disabled={form.isReadOnly}
      checked={isOn}
      onChange={(event) => change(event.currentTarget.checked)}
    />
  );
}
