"use client";
// One control from what it asks to what proves it: three layers, each subject with its evidence, mappings, waivers.
// Rule: a state is shown with the time it was measured and the time until which it counts.
import { Drawer, Tabs, Text } from "@mantine/core";
import { StatusBadge, StatusIcon, TimeAgo } from "@/components/ui";
import type { ControlDto } from "@/lib/api/schema/checks";
import { LAYERS, type Layer } from "@/lib/compliance/types";
import { LAYER_WORDS, STATE_WORDS } from "@/lib/compliance/words";
import classes from "./checklist.module.css";
import { EvidenceView } from "./evidence-view";
import type { useCheckActions } from "./use-checks";
import { Waivers } from "./waivers";
import { layerHint, stateStatus, subjectWord } from "./words";

interface ControlDrawerProps {
  mesh: string;
  environment: string | undefined;
  run: string | undefined;
  control: ControlDto | undefined;
  layer: string | null;
  evidence: string | null;
  canWaive: boolean;
  actions: ReturnType<typeof useCheckActions>;
  onLayer(layer: string | null): void;
  onEvidence(id: string | null): void;
  onClose(): void;
}

export function ControlDrawer(props: ControlDrawerProps) {
  const { control, onClose } = props;
  return (
    <Drawer
      opened={control !== undefined}
      onClose={onClose}
      position="right"
      size="lg"
      title={control ? `${control.id} ${control.title}` : ""}
    >
      {control ? <Body {...props} control={control} /> : null}
    </Drawer>
  );
}

/** What most needs looking at: a layer that does not pass, live before the others. */
function firstLayer(control: ControlDto): Layer {
  const open = (layer: Layer) => !["pass", "does-not-apply"].includes(control.layers[layer].state);
  const order: Layer[] = ["live", "compiled", "design"];
  return order.find((layer) => control.layers[layer].state === "fail") ?? order.find(open) ?? "live";
}

function Body({
  mesh,
  environment,
  run,
  control,
  layer,
  evidence,
  canWaive,
  actions,
  onLayer,
  onEvidence,
}: ControlDrawerProps & { control: ControlDto }) {
  const chosen = LAYERS.find((each) => each === layer) ?? firstLayer(control);
  return (
    <div className={classes.drawer}>
      <div className={classes.head}>
        <StatusBadge status={stateStatus[control.state]}>{STATE_WORDS[control.state]}</StatusBadge>
        <Text size="xs" c="dimmed">
          {control.severity}
        </Text>
      </div>
      <Text size="sm">{control.asks}</Text>
      <Tabs value={chosen} onChange={onLayer} keepMounted={false}>
        <Tabs.List aria-label="Layers">
          {LAYERS.map((each) => (
            <Tabs.Tab
              key={each}
              value={each}
              leftSection={
                control.layers[each].state === "does-not-apply" ? null : (
                  <StatusIcon
                    status={stateStatus[control.layers[each].state]}
                    size={14}
                    label={STATE_WORDS[control.layers[each].state]}
                  />
                )
              }
            >
              {LAYER_WORDS[each]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {LAYERS.map((each) => (
          <Tabs.Panel key={each} value={each} pt={12}>
            <LayerView
              layer={each}
              control={control}
              opened={evidence}
              onEvidence={onEvidence}
              mesh={mesh}
              environment={environment}
              run={run}
            />
          </Tabs.Panel>
        ))}
      </Tabs>
      <Waivers control={control} canWaive={canWaive} actions={actions} />
      <section>
        <Text component="h3" size="sm" fw={600}>
          Frameworks
        </Text>
        <ul className={classes.mappings}>
          {control.mappings.map(({ framework, ids, words, note, confidence }) => (
            <li key={`${framework} ${confidence} ${ids.join()}`}>
              <b>{framework.toUpperCase().replaceAll("-", " ")}</b> {ids.join(", ")}: {words}
              {note ? `. ${note}` : ""}
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

interface LayerViewProps {
  layer: Layer;
  control: ControlDto;
  opened: string | null;
  onEvidence(id: string | null): void;
  mesh: string;
  environment: string | undefined;
  run: string | undefined;
}

function LayerView({ layer, control, opened, onEvidence, mesh, environment, run }: LayerViewProps) {
  const { state, summary, subjects, measuredAt, expiresAt } = control.layers[layer];
  return (
    <div className={classes.layerView}>
      <Text size="xs" c="dimmed">
        {layerHint[layer]}
      </Text>
      <Text size="sm">
        <b>{STATE_WORDS[state].replace(/^./, (first) => first.toUpperCase())}.</b> {summary}
      </Text>
      {measuredAt ? (
        <Text size="xs" c="dimmed">
          Measured <TimeAgo at={measuredAt} />, ends <TimeAgo at={expiresAt} />.
        </Text>
      ) : null}
      <ul className={classes.subjects} aria-label={`What was looked at: ${LAYER_WORDS[layer]}`}>
        {subjects.map((each) => {
          const [first] = each.evidence ?? [];
          const isOpen = first !== undefined && opened === first;
          return (
            <li key={[each.subject, each.path, each.text, each.evidence?.join()].join(" ")}>
              <div className={classes.subject}>
                <StatusIcon status={stateStatus[each.state]} size={14} label={STATE_WORDS[each.state]} />
                <div>
                  <Text size="sm" component="span">
                    {each.text.includes(subjectWord(each.subject)) ? null : <b>{subjectWord(each.subject)}: </b>}
                    {each.text}
                  </Text>
                  {each.path ? <div className={classes.path}>{each.path}</div> : null}
                  {first ? (
                    <button
                      type="button"
                      className={classes.link}
                      aria-expanded={isOpen}
                      onClick={() => onEvidence(isOpen ? null : first)}
                    >
                      {isOpen ? "Hide the evidence" : "Evidence"}
                    </button>
                  ) : null}
                </div>
              </div>
              {isOpen ? <EvidenceView mesh={mesh} environment={environment} run={run} evidence={first} /> : null}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
